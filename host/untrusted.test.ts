import { fstatSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openUntrusted, readUntrusted } from './untrusted.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, fstatSync: vi.fn(real.fstatSync) };
});

it('has no file where a shared file system has lost it once it was opened', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'untrusted-')), 'progress.jsonl');
  writeFileSync(path, '{}');
  const open = () => readdirSync('/proc/self/fd').length;
  const before = process.platform === 'linux' ? open() : 0;
  vi.mocked(fstatSync).mockImplementation(() => {
    throw Object.assign(new Error('ESTALE: stale file handle, fstat'), { code: 'ESTALE' });
  });
  expect(openUntrusted(path)).toBeNull();
  expect(readUntrusted(path, 10)).toBeNull();
  if (process.platform === 'linux') expect(open()).toBe(before);
});
