import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openUntrusted } from './untrusted.ts';

it('has no file where a shared file system has lost it once it was opened', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'untrusted-')), 'progress.jsonl');
  writeFileSync(path, '{}');
  const open = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
  const before = open();
  const lost = () => {
    throw Object.assign(new Error('ESTALE: stale file handle, fstat'), { code: 'ESTALE' });
  };
  expect(openUntrusted(path, lost)).toBeNull();
  expect(open()).toBe(before);
});
