import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { deepFolder } from './fixtures/deep-folder.ts';
import { removeLeft } from './remove-left.ts';

const NOBODY = 65534;
let above: string;
const at = (...path: string[]) => join(above, ...path);
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'remove-left-'));
  mkdirSync(at('left'));
  mkdirSync(at('other'));
  writeFileSync(at('other/file'), '');
});

it('removes folders that lie deeper than a path can name', () => {
  deepFolder(at('left'));
  symlinkSync(at('other'), at('left/link'));
  removeLeft(at('left'));
  expect(readdirSync(above)).toEqual(['other']);
  expect(existsSync(at('other/file'))).toBe(true);
});

it('removes what was closed, and follows no link', () => {
  mkdirSync(at('left/a/b'), { recursive: true });
  writeFileSync(at('left/a/b/file'), '');
  symlinkSync(at('other'), at('left/a/link'));
  // As another user than root, whom closed folders do not stop.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    chmodSync(above, 0o755);
    execFileSync('chown', ['-hR', String(NOBODY), above]);
  }
  chmodSync(at('other'), 0o500);
  for (const closed of ['left/a/b', 'left/a']) chmodSync(at(closed), 0);
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    removeLeft(at('left'));
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  expect(readdirSync(above)).toEqual(['other']);
  expect(readdirSync(at('other'))).toEqual(['file']);
});

it('removes a file and a link, and nothing where nothing is', () => {
  writeFileSync(at('left/file'), '');
  symlinkSync(at('other'), at('left/link'));
  for (const name of ['file', 'link', 'none']) removeLeft(at('left', name));
  expect(readdirSync(at('left'))).toEqual([]);
  expect(existsSync(at('other/file'))).toBe(true);
});
