import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readUntrusted } from './untrusted.ts';

const folder = mkdtempSync(join(tmpdir(), 'untrusted-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('reads a plain file up to its limit and nothing else', () => {
  const at = (name: string) => join(folder, name);
  writeFileSync(at('plain'), 'héllo');
  writeFileSync(at('empty'), '');
  symlinkSync(at('plain'), at('link'));
  symlinkSync('/dev/zero', at('zero'));
  mkdirSync(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  expect(readUntrusted(at('plain'), 6)).toBe('héllo');
  expect(readUntrusted(at('empty'), 6)).toBe('');
  expect(readUntrusted(at('plain'), 5)).toBeNull();
  for (const name of ['link', 'zero', 'folder', 'fifo', 'missing']) {
    expect(readUntrusted(at(name), 100), name).toBeNull();
  }
});
