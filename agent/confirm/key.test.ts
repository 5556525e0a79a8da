import { mkdtempSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { secretDir } from '../common/paths.ts';
import { findKey, hashOf, keyOf, seedOf } from './key.ts';

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
