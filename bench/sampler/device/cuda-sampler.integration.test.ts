import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CudaDriver } from '#engine/cuda/cuda-driver';
import { chooseCudaDevice } from '#engine/cuda/devices';
import { noStandIn, standIn } from '#engine/cuda/testing/stand-in';
import { chooseDevice } from '#engine/opencl/devices';
import { OpenClDriver } from '#engine/opencl/opencl-driver';
import { joined } from '#engine/opencl/programs';
import { buildWorld } from '../../world/build.ts';
import { parseConfig, SYNTH_16K } from '../../world/config.ts';
import { Sampler } from '../sampler.ts';
import { config } from '../testing/deep-world.ts';
import { fixtureWorld } from '../testing/fixture-world.ts';
import { disagreement } from './agreement.ts';
import { DeviceSampler } from './device-sampler.ts';
import { samplerDriver } from './drivers.ts';
import { SAMPLER } from './kernels.ts';

describe.skipIf(noStandIn)('the sampler by the CUDA driver', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampler-'));
  beforeAll(() => {
    writeFileSync(join(folder, `${SAMPLER.name}.cl`), joined(SAMPLER));
    standIn().sources(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(() => {
    standIn().pose(0, 0);
    standIn().limit(0);
  });
  const byCuda = () => new CudaDriver(chooseCudaDevice());

  it.each([
    ['a small forest', config],
    ['no forest and no copula', parseConfig({ num_features: 70, hidden_dim: 12, seed: 3 }, 'test')],
    [
      'more factors and levels',
      parseConfig(
        {
          ...{ num_features: 400, hidden_dim: 16, seed: 5 },
          hierarchy: { total_root_nodes: 2, branching_factor: 2, max_depth: 6 },
          correlation: { rank: 40, correlation_scale: 0.2, seed: 6 },
        },
        'test',
      ),
    ],
  ])('draws the same bits as by OpenCL from a world of %s', async (_, of) => {
    const world = await buildWorld(of);
    const [ours, theirs] = [byCuda(), new OpenClDriver(chooseDevice())].map(
      (driver) => new DeviceSampler(world, 2 ** 32 + 7, driver),
    );
    for (const [index, rows] of [
      [0, 300],
      [2 ** 32 + 3, 1500],
    ]) {
      const [x, expected] = [0, 0].map(() => new Float32Array(rows * world.hiddenDim));
      expect(ours.sample(index, rows, x)).toEqual(theirs.sample(index, rows, expected));
      expect(x).toEqual(expected);
      expect(x.some((value) => value !== 0)).toBe(true);
    }
    // As the data service does it, into memory that the device writes to by itself.
    const size = 200 * world.hiddenDim;
    const [several, expected] = [ours, theirs].map((sampler) => {
      const memory = sampler.hostMemory(4 * 3 * size);
      return [0, 1, 2].map((i) => new Float32Array(memory, 4 * i * size, size));
    });
    for (const index of [0, 3, 6, 17]) {
      ours.writeAndBeginNext(index, 200, ...several);
      theirs.writeAndBeginNext(index, 200, ...expected);
      expect(several).toEqual(expected);
      const alone = new Float32Array(size);
      ours.write(index + 2, 200, alone);
      expect(several[2]).toEqual(alone);
    }
  });

  // Rows depend on seed, batch index and row alone, and both ways have one source: where the bits are the
  // same in the worlds that the statistics are of, what those hold of OpenCL holds here. They hold the rates
  // of features and pairs, magnitudes, L0 and its histogram, norms (distribution.test.ts), any forest and
  // probability 1 (sampler.test.ts) and 16k (synth-16k.e2e.test.ts).
  it.each([
    ['the reference drew from', async () => fixtureWorld(false)],
    ['it drew from, with scaled children', async () => fixtureWorld(true)],
    ['the released model is', () => buildWorld({ ...SYNTH_16K, orthogonalization: null })],
  ])('draws the same bits as by OpenCL from the world that %s', async (_, of) => {
    const world = await of();
    const [ours, theirs] = [byCuda(), new OpenClDriver(chooseDevice())].map(
      (driver) => new DeviceSampler(world, 1, driver),
    );
    const [x, expected] = [0, 0].map(() => new Float32Array(64 * world.hiddenDim));
    expect(ours.sample(11, 64, x)).toEqual(theirs.sample(11, 64, expected));
    expect(x).toEqual(expected);
    expect(x.some((value) => value !== 0)).toBe(true);
  });

  it('draws from the distribution of the processor', async () => {
    const world = await buildWorld(config);
    const sampler = new DeviceSampler(world, 3, byCuda());
    expect(disagreement(world, sampler, new Sampler(world, 3, 'train'))).toBeNull();
    expect(sampler.label).toBe('stand-in for a card, CUDA 12.9');
  });

  it('is taken where its device is a card and that of OpenCL is none', () => {
    expect(samplerDriver()).toBeInstanceOf(OpenClDriver);
    expect(() => samplerDriver(['card'])).toThrow(
      'Portable Computing Language offers no card; CUDA offers no card',
    );
    standIn().pose(90, 0);
    for (const driver of [samplerDriver(), samplerDriver(['card'])]) {
      expect(driver).toBeInstanceOf(CudaDriver);
      expect(driver.found).toMatchObject({ kind: 'card', platform: 'CUDA', version: '12.9' });
    }
  });

  it('draws fewer rows at a time where memory is short, and ends with one line where there is none', async () => {
    const world = await buildWorld(config);
    const driver = byCuda();
    const expected = new DeviceSampler(world, 3, driver).sample(5, 1500);
    standIn().limit(2 ** 20);
    expect(new DeviceSampler(world, 3, driver).sample(5, 1500)).toEqual(expected);
    standIn().limit(2 ** 10);
    expect(() => new DeviceSampler(world, 3, driver)).toThrow(
      /^stand-in for a card has no memory left for \d+ bytes of the sampler$/,
    );
  });
});
