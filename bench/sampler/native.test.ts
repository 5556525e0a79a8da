import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCpuinfo } from '#engine/embedded/processor';
import { levelsOf } from '#engine/native/levels';
import { isInstalled } from '#engine/packages';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { anyForest } from '../world/testing/any-forest.ts';
import { deriveWorld, type World } from '../world/world.ts';
import { openNativeSampler } from './native.ts';
import { Sampler } from './sampler.ts';
import { Synthesis } from './synthesis.ts';
import { config } from './testing/deep-world.ts';

const isHere = process.platform === 'linux' && process.arch === 'x64' && isInstalled('koffi');
const here = isHere ? levelsOf(readCpuinfo()) : [];
const deep = await buildWorld(config);

const digestOf = (array: Uint32Array | Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');

/** Digests of a batch and its x: to show where large arrays differ would take minutes. */
function bitsOf(world: World, native: string, rows: number, index: number, seed: number | Uint8Array) {
  const x = new Float32Array(rows * world.hiddenDim);
  const { offsets, features, values } = new Sampler(world, seed, 'test', native).sample(index, rows, x);
  return {
    entries: features.length,
    offsets: digestOf(offsets),
    features: digestOf(features),
    values: digestOf(values),
    x: digestOf(x),
  };
}

/** A world of that many features and dimensions; everything fires often or rarely. */
const anyWorld = fc
  .record({
    forest: anyForest,
    flat: fc.nat({ max: 150 }),
    hiddenDim: fc.integer({ min: 1, max: 70 }),
    most: fc.constantFrom(0.03, 0.3, 1),
    rank: fc.integer({ min: 0, max: 9 }),
    std: fc.constantFrom(0, 0.5, 3),
    seed: fc.nat({ max: 1000 }),
  })
  .map(async ({ forest, flat, hiddenDim, most, rank, std, seed }) => {
    const base = await buildWorld(
      parseConfig(
        {
          num_features: 16 + flat,
          hidden_dim: hiddenDim,
          firing_probability: { max_prob: most, min_prob: 0.01, generator_name: 'linear' },
          correlation: rank > 0 ? { rank, correlation_scale: 0.4 } : null,
          std_firing_magnitudes: std,
          mean_firing_magnitudes: 2,
          orthogonalization: null,
          seed,
        },
        'test',
      ),
    );
    return deriveWorld({ ...base, forest });
  });

it('is open for every level that this processor has', () => {
  for (const level of here) expect(openNativeSampler(level)).not.toBeNull();
  expect(openNativeSampler('off')).toBeNull();
});

describe.skipIf(here.length === 0).each(here)('in C by %s (SKIP without AVX2)', (level) => {
  it('draws any world bit for bit as TypeScript and WebAssembly do', async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.integer({ min: 1, max: 150 }), fc.nat(), async (made, rows, index) => {
        const world = await made;
        const plain = bitsOf(world, 'off', rows, index, 7);
        expect(bitsOf(world, level, rows, index, 7)).toEqual(plain);
      }),
      { numRuns: 60, seed: 20261127 },
    );
  });

  it('does so from a key, and over more rows than a fill of words holds', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => 37 * i);
    for (const seed of [key, 3]) {
      expect(bitsOf(deep, level, 4000, 1, seed)).toEqual(bitsOf(deep, 'off', 4000, 1, seed));
    }
  });

  it('writes x into memory that threads share', () => {
    const x = new Float32Array(new SharedArrayBuffer(40 * deep.hiddenDim * 4));
    new Sampler(deep, 7, 'test', level).sample(0, 40, x);
    expect(digestOf(x)).toBe(bitsOf(deep, 'off', 40, 0, 7).x);
  });

  it('reads and writes nothing beyond what it is given', () => {
    const bias = new Float32Array(3);
    const sums = new Synthesis(new Float32Array(4 * 3), bias, level);
    const good = {
      rows: 2,
      offsets: Uint32Array.of(0, 1, 2),
      indices: Uint32Array.of(0, 3),
      values: Float32Array.of(1, 2),
    };
    const x = new Float32Array(2 * 3);
    sums.write(good, x);
    for (const wrong of [
      { indices: Uint32Array.of(0, 4) },
      { indices: Uint32Array.of(2 ** 31, 0) },
      { offsets: Uint32Array.of(0, 1, 3) },
      { offsets: Uint32Array.of(0, 2, 1) },
      { offsets: Uint32Array.of(0, 1) },
      { values: Float32Array.of(1) },
    ]) {
      expect(() => sums.write({ ...good, ...wrong }, x)).toThrow('outside');
    }
    expect(() => sums.write(good, x.subarray(1))).toThrow('outside');
  });
});
