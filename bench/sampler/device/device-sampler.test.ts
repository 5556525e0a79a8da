import { describe, expect, it, vi } from 'vitest';
import { chooseDevice } from '#engine/opencl/devices';
import { OpenClDriver } from '#engine/opencl/opencl-driver';
import { noDevice } from '#engine/opencl/testing/here';
import { buildWorld } from '../../world/build.ts';
import { parseConfig } from '../../world/config.ts';
import type { ForestNode } from '../../world/forest.ts';
import { deriveWorld } from '../../world/world.ts';
import { hiddenOf } from '../reference.ts';
import { config } from '../testing/deep-world.ts';
import { DeviceSampler } from './device-sampler.ts';
import { samplerDriver } from './drivers.ts';
import { GROUP, SAMPLER } from './kernels.ts';
import { Runner } from './runner.ts';

const world = await buildWorld(config);

describe.skipIf(noDevice !== null)('the sampler on a device', () => {
  it('has Philox4x32-10, by the known answers of its authors', () => {
    const runner = new Runner(samplerDriver(), SAMPLER, GROUP);
    const words = (...from: number[]): string[] => {
      const to = runner.allocate(16);
      runner.run('philox_words', 1, [runner.filled(Int32Array.from(from, (word) => word | 0)), to]);
      const read = new Uint32Array(4);
      runner.read(to, read);
      return [...read].map((word) => word.toString(16).padStart(8, '0'));
    };
    expect(words(0, 0, 0, 0, 0, 0)).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
    const ones = 0xffffffff;
    expect(words(ones, ones, ones, ones, ones, ones)).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ]);
    expect(words(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0)).toEqual([
      ...['d16cfe09', '94fdcceb', '5001e420', '24126ea1'],
    ]);
  });

  it('draws what depends on seed, batch index and row alone', () => {
    const sampler = new DeviceSampler(world, 7);
    const batches = [0, 1, 2].map((index) => sampler.sample(index, 50));
    expect([2, 1, 0].map((index) => new DeviceSampler(world, 7).sample(index, 50)).reverse()).toEqual(
      batches,
    );
    // A row does not depend on how many there are.
    const short = sampler.sample(1, 20);
    expect([...short.offsets]).toEqual([...batches[1].offsets.subarray(0, 21)]);
    expect([...short.values]).toEqual([...batches[1].values.subarray(0, short.values.length)]);
    for (const other of [
      new DeviceSampler(world, 8).sample(1, 50),
      new DeviceSampler(world, 7 + 2 ** 32).sample(1, 50),
    ]) {
      expect(other).not.toEqual(batches[1]);
    }
    expect(sampler.sample(1 + 2 ** 32, 50)).not.toEqual(batches[1]);
  });

  it('draws the same where it begins with the next batch, whatever is asked for then', () => {
    const sampler = new DeviceSampler(world, 7);
    const alone = new DeviceSampler(world, 7);
    const d = world.hiddenDim;
    const x = new Float32Array(sampler.hostMemory(4 * 60 * d));
    const expected = new Float32Array(60 * d);
    const steps: [index: number, rows: number][] = [
      ...([
        [3, 50],
        [4, 50],
        [5, 50],
        [9, 50],
        [10, 20],
        [11, 20],
        [12, 60],
        [12, 60],
      ] as const),
    ].map(([index, rows]) => [index, rows]);
    for (const [at, [index, rows]] of steps.entries()) {
      sampler.writeAndBeginNext(index, rows, x);
      alone.write(index, rows, expected);
      expect(x.subarray(0, rows * d), `${at}`).toEqual(expected.subarray(0, rows * d));
      // Another batch in place of the one that it has begun.
      if (at === 1) sampler.write(77, rows, x);
      if (at % 3 === 2) expect(sampler.sample(index, rows)).toEqual(alone.sample(index, rows));
    }
  });

  it('draws a batch that it has begun once, also where fewer rows of it are asked for', () => {
    const sampler = new DeviceSampler(world, 7);
    const d = world.hiddenDim;
    const xs = [10, 10, 10, 4].map((rows) => new Float32Array(rows * d));
    const expected = new Float32Array(10 * d);
    const runner = (sampler as unknown as { runner: Runner }).runner;
    const run = vi.spyOn(runner, 'run');
    for (const index of [0, 4, 8]) {
      sampler.writeAndBeginNext(index, 10, ...xs);
      expect(run.mock.calls.filter(([name]) => name === 'make_rows')).toHaveLength(index + 8);
    }
    run.mockRestore();
    for (const [i, x] of xs.entries()) {
      new DeviceSampler(world, 7).write(8 + i, 10, expected);
      expect(x, `${i}`).toEqual(expected.subarray(0, x.length));
    }
  });

  it.each([1, 16, 64])('draws the same bits in groups of %i work items', (largestGroup) => {
    const small = new DeviceSampler(world, 7, new OpenClDriver({ ...chooseDevice(), largestGroup }));
    const sampler = new DeviceSampler(world, 7);
    const [x, expected] = [0, 0].map(() => new Float32Array(500 * world.hiddenDim));
    expect(small.sample(3, 500, x)).toEqual(sampler.sample(3, 500, expected));
    expect(x).toEqual(expected);
  });

  it('makes x of its own activations', () => {
    const x = new Float32Array(40 * world.hiddenDim);
    const { offsets, features, values } = new DeviceSampler(world, 1).sample(3, 40, x);
    const dense = new Float32Array(40 * world.numFeatures);
    for (let row = 0; row < 40; row++) {
      for (let e = offsets[row]; e < offsets[row + 1]; e++)
        dense[row * world.numFeatures + features[e]] = values[e];
    }
    expect(values.every((value) => value > 0)).toBe(true);
    const expected = hiddenOf(world, dense);
    expect(x.every((value, i) => Math.abs(value - expected[i]) < 1e-4)).toBe(true);
    const alone = new Float32Array(x.length);
    new DeviceSampler(world, 1).write(3, 40, alone);
    expect(alone).toEqual(x);
  });

  it('descends as deep as a forest goes, and stops below what does not fire', async () => {
    const levels = 40;
    const base = await buildWorld(
      parseConfig(
        {
          ...{ num_features: levels, hidden_dim: 4, seed: 1, mean_firing_magnitudes: 9 },
          firing_probability: { probability: 0.97, generator_name: 'constant' },
        },
        'test',
      ),
    );
    let root: ForestNode | null = null;
    for (let feature_index = levels - 1; feature_index >= 0; feature_index--) {
      root = {
        ...{ feature_index, feature_id: null, children: root ? [root] : [] },
        ...{ mutually_exclusive_children: false, scale_children_by_parent: false },
      };
    }
    const chain = deriveWorld({ ...base, forest: { roots: root ? [root] : [] } });
    const rows = 2000;
    const { offsets, features } = new DeviceSampler(chain, 1).sample(0, rows);
    let whole = 0;
    for (let row = 0; row < rows; row++) {
      const active = features.subarray(offsets[row], offsets[row + 1]);
      expect([...active]).toEqual(Array.from(active, (_, level) => level));
      if (active.length === levels) whole++;
    }
    const rate = 0.97 ** levels;
    expect(Math.abs(whole / rows - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / rows));
  });
});
