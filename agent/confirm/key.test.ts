import { mkdtempSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { secretDir } from '../common/paths.ts';
import { findKey, hashOf, isInUse, keyOf, publishedDir, seedOf } from './key.ts';

const repo = () => realpathSync(mkdtempSync(join(tmpdir(), 'key-')));

describe('the key of a run branch', () => {
  it('is drawn once a branch, and lies where only this user reads', () => {
    const home = repo();
    expect(findKey(home, 'run/a')).toBeNull();
    const key = keyOf(home, 'run/a');
    expect(key.key).toHaveLength(32);
    expect(key.hash).toBe(hashOf(key.key));
    expect(keyOf(home, 'run/a')).toEqual(key);
    expect(keyOf(home, 'run/b').hash).not.toBe(key.hash);
    expect(statSync(key.folder).mode & 0o077).toBe(0);
    expect(dirname(dirname(key.folder))).toBe(join(home, 'state'));
  });

  it('is never replaced where its file cannot be read', () => {
    const home = repo();
    keyOf(home, 'run/a');
    writeFileSync(join(secretDir(home, 'run/a'), 'key.json'), '{"key":"0"}');
    expect(() => keyOf(home, 'run/a')).toThrow(
      /key\.json: is not a key of secret worlds; move the file away/,
    );
  });

  it('is that of one branch alone, also beside a folder of an earlier version', () => {
    const home = repo();
    const names = ['run/a', 'run--a', 'run-/a', 'run/-a', 'run%2Fa', 'run%2D%2Da', 'run/a--published-0'];
    expect(new Set(names.map((name) => secretDir(home, name))).size).toBe(names.length);
    for (const name of names) keyOf(home, name);
    expect(new Set(names.map((name) => findKey(home, name)?.hash)).size).toBe(names.length);

    // An earlier version: the folder of `run/b` was that of `run--b` too.
    const made = keyOf(home, 'run--b');
    renameSync(made.folder, join(home, 'state/secret/run--b'));
    expect(findKey(home, 'run--b')?.hash).toBe(made.hash);
    expect(findKey(home, 'run/b')).toBeNull();
    expect(keyOf(home, 'run/b').hash).not.toBe(made.hash);
    expect(keyOf(home, 'run--b')).toEqual(made);
  });

  it('is in use until it is published, whatever the name of its branch', () => {
    const home = repo();
    for (const name of ['run/a', 'run/a--published-0', 'run/published']) {
      const { hash, folder } = keyOf(home, name);
      expect(isInUse(home, hash)).toBe(true);
      renameSync(folder, publishedDir(home, name, hash));
      expect([isInUse(home, hash), findKey(home, name)]).toEqual([false, null]);
    }
  });

  it('gives each world a seed of its own, of the whole key', () => {
    const key = Buffer.alloc(32, 7);
    const seeds = [0, 1, 2, 3].map((draw) => seedOf(key, draw));
    expect(new Set(seeds).size).toBe(4);
    for (let bit = 0; bit < 256; bit++) {
      const flipped = Buffer.from(key);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(seedOf(flipped, 0)).not.toBe(seeds[0]);
    }
  });
});
