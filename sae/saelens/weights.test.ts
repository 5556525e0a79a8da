import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isSaelens, readSaelens } from '../import.ts';
import { type Stored, saved } from '../testing/saelens/folder.ts';

const root = mkdtempSync(join(tmpdir(), 'sae-weights-'));
afterAll(() => rmSync(root, { recursive: true }));

const one = (value: number, ...shape: number[]): Stored => ({ shape, data: [value] });
const state = { W_enc: one(1, 1, 1), W_dec: one(1, 1, 1), b_enc: one(0, 1), b_dec: one(0, 1) };
const standard = { architecture: 'standard', d_in: 1, d_sae: 1 };

describe('the weights of SAELens', () => {
  it.each<[string, object, Record<string, Stored | undefined>, RegExp]>([
    ['another width', { d_sae: 2 }, {}, /W_enc has the shape \[1, 1\], \[1, 2\] expected/],
    ['a missing tensor', {}, { b_enc: undefined }, /b_enc is missing, which standard has/],
    ['a tensor too many', {}, { threshold: one(2, 1) }, /threshold is no tensor of standard/],
    ['NaN', {}, { b_dec: one(Number.NaN, 1) }, /b_dec has numbers that are not finite/],
    [
      'one threshold for all',
      { architecture: 'jumprelu' },
      { threshold: one(1) },
      /threshold has the shape \[\], \[1\] expected/,
    ],
    ['factors of a finetuning', {}, { scaling_factor: one(2, 1) }, /scaling_factor has factors other than 1/],
    [
      'the same by its later name',
      {},
      { finetuning_scaling_factor: one(0.5, 1) },
      /finetuning_scaling_factor has factors/,
    ],
  ])('are refused with %s, in one line that names the file', (_, config, tensors, message) => {
    const there = Object.entries({ ...state, ...tensors }).filter(([, tensor]) => tensor);
    const folder = saved(
      root,
      { ...standard, ...config },
      Object.fromEntries(there) as Record<string, Stored>,
    );
    expect(() => readSaelens(folder)).toThrow(message);
    expect(() => readSaelens(folder)).toThrow(/^[^\n]*sae_weights\.safetensors: [^\n]*$/);
  });

  it('may have factors of a finetuning that are all 1, as every SAE of version 2 has', () => {
    const { weights } = readSaelens(saved(root, standard, { ...state, scaling_factor: one(1, 1) }));
    expect(Object.keys(weights).sort()).toEqual(['W_dec', 'W_enc', 'b_dec', 'b_enc']);
  });

  it('keep their thresholds exactly; before 6.50 the logarithms are saved', () => {
    const threshold = Math.fround(0.1);
    const jumprelu = { ...standard, architecture: 'jumprelu' };
    const { weights } = readSaelens(saved(root, jumprelu, { ...state, threshold: one(threshold, 1) }));
    expect(weights.threshold.data[0]).toBe(threshold);
    const old = readSaelens(saved(root, jumprelu, { ...state, log_threshold: one(Math.log(0.1), 1) }));
    expect(old.weights.threshold.data[0]).toBeCloseTo(0.1, 6);
  });

  it('are read through links, as in a hub’s cache', () => {
    const folder = saved(root, standard, state);
    const blobs = join(root, 'blobs');
    mkdirSync(blobs);
    for (const [name, blob] of [
      ['cfg.json', 'a1'],
      ['sae_weights.safetensors', 'b2'],
    ]) {
      renameSync(join(folder, name), join(blobs, blob));
      symlinkSync(join('..', 'blobs', blob), join(folder, name));
    }
    expect(readSaelens(folder).weights.W_enc.data[0]).toBe(1);
    rmSync(join(blobs, 'b2'));
    expect(() => readSaelens(folder)).toThrow(/a link to \.\.\/blobs\/b2, which cannot be read \(ENOENT\)/);
    rmSync(join(blobs, 'a1'));
    writeFileSync(join(blobs, 'b2'), 'a file');
    expect(isSaelens(folder)).toBe(true);
    expect(() => readSaelens(folder)).toThrow(/cfg\.json: a link to/);
    const others = [
      root,
      join(root, 'nothing'),
      join(blobs, '../blobs'),
      join(folder, 'sae_weights.safetensors'),
    ];
    expect(others.map(isSaelens)).toEqual([false, false, false, false]);
  });

  it('are refused if they are a git-LFS pointer', () => {
    const folder = saved(root, standard, state);
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
    writeFileSync(join(folder, 'sae_weights.safetensors'), pointer);
    expect(() => readSaelens(folder)).toThrow(/^[^\n]*: a git-LFS pointer and not the file itself[^\n]*$/);
  });
});
