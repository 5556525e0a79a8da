import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Builds } from './builds.ts';

let root: string;
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'builds-')), 'built');
});
afterEach(() => rmSync(join(root, '..'), { recursive: true, force: true }));

const writes = async (out: string) => {
  writeFileSync(join(out, 'program.js'), '');
  return true;
};

it('keeps a build that another process has made meanwhile, since programs may run from it', async () => {
  const first = { ino: 0 };
  const second = new Builds(root).make('key', async (out) => {
    const made = await new Builds(root).make('key', writes);
    first.ino = statSync(made ?? '').ino;
    return writes(out);
  });
  expect(statSync((await second) ?? '').ino).toBe(first.ino);
  expect(readdirSync(root)).toEqual(['key']);
});

it('makes none where it cannot write, and does not fail', async () => {
  writeFileSync(root, 'a file in place of the folder');
  expect(await new Builds(root).make('key', writes)).toBe(null);
});

it('makes one beside what another process takes away meanwhile', async () => {
  mkdirSync(root);
  // A name in the list, and nothing there by the time that one looks.
  symlinkSync('nowhere', join(root, '.new-other'));
  expect(await new Builds(root).make('key', writes)).toBe(join(root, 'key', 'files'));
});
