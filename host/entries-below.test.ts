import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { entriesBelow } from './entries-below.ts';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const names = () => [...entriesBelow(folder)].map(({ name }) => name).sort();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'below-'));
});

it('gives files, folders and links, and what they are themselves', () => {
  mkdirSync(at('a/b'), { recursive: true });
  writeFileSync(at('a/b/file'), 'four');
  symlinkSync('b/file', at('a/link'));
  expect(names()).toEqual(['a', 'a/b', 'a/b/file', 'a/link']);
  const sizes = [...entriesBelow(folder)].map(({ name, stat }) => [name, stat.isFile() ? stat.size : null]);
  expect(Object.fromEntries(sizes)).toEqual({ a: null, 'a/b': null, 'a/b/file': 4, 'a/link': null });
});

it('follows no link to a folder: neither out of it nor round in circles', () => {
  const other = mkdtempSync(join(tmpdir(), 'other-'));
  writeFileSync(join(other, 'secret'), '');
  for (const [name, target] of Object.entries({ out: other, root: '/', here: '.', again: '.' }))
    symlinkSync(target, at(name));
  expect(names()).toEqual(['again', 'here', 'out', 'root']);
});

it('leaves out what is removed while it is read, and a folder that is not there', () => {
  for (const name of ['a', 'b']) mkdirSync(at(name, 'below'), { recursive: true });
  const seen: string[] = [];
  for (const { name } of entriesBelow(folder)) {
    if (seen.length === 0) rmSync(at(name === 'a' ? 'b' : 'a'), { recursive: true });
    seen.push(name);
  }
  // Two at the most: the folder that was removed may have been named before.
  expect(seen.filter((name) => name.endsWith('below'))).toHaveLength(1);
  rmSync(folder, { recursive: true });
  expect(names()).toEqual([]);
});

it('reads a folder of any depth, and no more of it than is asked for', () => {
  const deep = Array.from({ length: 900 }, () => 'd').join('/');
  mkdirSync(at(deep), { recursive: true });
  expect(names()).toHaveLength(900);
  let count = 0;
  for (const _ of entriesBelow(folder)) if (++count === 10) break;
  expect(count).toBe(10);
});
