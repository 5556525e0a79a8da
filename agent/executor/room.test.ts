import { mkdirSync, mkdtempSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { roomTrouble } from './room.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'out-'));
});

it('counts what is stored in out/ and below it, and follows no link', () => {
  mkdirSync(join(out, 'a/b'), { recursive: true });
  writeFileSync(join(out, 'a/b/large'), Buffer.alloc(1 << 20, 1));
  for (const [name, target] of Object.entries({ root: '/', round: '.', again: '.' }))
    symlinkSync(target, join(out, name));
  expect(roomTrouble(out, 2 << 20)).toBeNull();
  expect(roomTrouble(out, 1 << 19)).toMatch(
    /^its out\/ has grown to 0\.\d+ GiB; at most 0\.00049 GiB are allowed$/,
  );
});

it('counts files', () => {
  for (let i = 0; i < 10_001; i++) writeFileSync(join(out, `${i}`), '');
  expect(roomTrouble(out, 1 << 30)).toBe('its out/ has more than 10000 files, which is the limit');
});

it('has nothing to say of a folder that was removed', () => {
  rmSync(out, { recursive: true });
  expect(roomTrouble(out, 0)).toBeNull();
});

it('does not take for room what cannot be counted: folders that are closed, or too deep for a path', () => {
  const trouble = 'its out/ has a folder that is closed or lies too deep: what is in it cannot be counted';
  mkdirSync(join(out, 'closed'), { mode: 0o300 });
  expect(roomTrouble(out, 1e9)).toBe(trouble);
  rmdirSync(join(out, 'closed'));
  expect(roomTrouble(out, 1e9)).toBeNull();
  mkdirSync(join(out, ...Array.from({ length: 6 }, () => 'd'.repeat(200))), { recursive: true });
  expect(roomTrouble(out, 1e9)).toBe(trouble);
});
