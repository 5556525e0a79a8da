import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Kept } from './kept.ts';

const [one, other] = ['1', '2'].map((digit) => digit.repeat(64));
const fingerprint = 'a'.repeat(64);
let scene: string;
let folder: string;
let kept: Kept;
beforeEach(() => {
  scene = mkdtempSync(join(tmpdir(), 'kept-'));
  folder = join(scene, 'fingerprints');
  kept = new Kept(folder);
});
afterEach(() => rmSync(scene, { recursive: true, force: true }));
const fileOf = (digest: string) => join(folder, `${digest}.json`);

it('gives what was put, under its own digest', () => {
  expect(kept.get(one)).toBeNull();
  kept.put(one, fingerprint);
  expect(kept.get(one)).toBe(fingerprint);
  expect(kept.get(other)).toBeNull();
});

it.each<[string, () => void]>([
  ['cut off', () => writeFileSync(fileOf(one), readFileSync(fileOf(one), 'utf8').slice(0, 40))],
  ['of another form', () => writeFileSync(fileOf(one), JSON.stringify({ of: one, fingerprint: 'yes' }))],
  [
    'of another question',
    () => {
      kept.put(other, fingerprint);
      renameSync(fileOf(other), fileOf(one));
    },
  ],
  ['writable for others', () => chmodSync(fileOf(one), 0o666)],
  ['in a folder that others may write', () => chmodSync(folder, 0o777)],
  [
    'a link',
    () => {
      renameSync(fileOf(one), join(scene, 'elsewhere'));
      symlinkSync(join(scene, 'elsewhere'), fileOf(one));
    },
  ],
])('counts an entry as none that is %s', (_, spoil) => {
  kept.put(one, fingerprint);
  spoil();
  expect(kept.get(one)).toBeNull();
});

it('keeps at most two thousand, the newest', () => {
  kept.put(one, fingerprint);
  utimesSync(fileOf(one), 1, 1);
  for (let i = 0; i < 1999; i++) writeFileSync(join(folder, `${i}.json`), '{}');
  kept.put(other, fingerprint);
  expect(readdirSync(folder)).toHaveLength(1001);
  expect([kept.get(one), kept.get(other)]).toEqual([null, fingerprint]);
});
