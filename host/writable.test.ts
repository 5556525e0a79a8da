import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeWritable } from './writable.ts';

const here = mkdtempSync(join(tmpdir(), 'writable-'));

it('makes a folder, several levels deep, and leaves nothing in it', () => {
  makeWritable('--out', join(here, 'a/b'));
  makeWritable('--out', join(here, 'a/b'));
  expect(readdirSync(join(here, 'a/b'))).toEqual([]);
});

it('refuses a place where nothing can be made, in one line that names the option', () => {
  writeFileSync(join(here, 'file'), '');
  for (const path of ['/proc/x', '/dev/null/x', join(here, 'file/x')]) {
    expect(() => makeWritable('--out', path)).toThrow(/^--out \/[^\n]+: cannot be written to [^\n]+$/);
    expect(existsSync(path)).toBe(false);
  }
});
