import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { joined, type Source } from '#engine/opencl/programs';
import { noDevice } from '#engine/opencl/testing/here';
import { buildWorld } from '../../world/build.ts';
import { parseConfig } from '../../world/config.ts';
import { config } from '../testing/deep-world.ts';
import { DeviceSampler } from './device-sampler.ts';
import { samplerDriver } from './drivers.ts';
import { GROUP, SAMPLER } from './kernels.ts';
import { Runner } from './runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampler-'));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * The same kernels, where each top may fire but those that fill up the last four: descend decides all by the
 * exact formula.
 */
function withoutBounds(): Source {
  const text = joined(SAMPLER);
  const changed = text.replace('return argument >= 0.0f ? 2.0f :', 'return argument > -INFINITY ? 2.0f :');
  expect(changed).not.toBe(text);
  writeFileSync(join(folder, 'exact.cl'), changed);
  return { name: 'exact', folder: pathToFileURL(`${folder}/`), parts: ['exact'] };
}

describe.skipIf(noDevice !== null)('the bounds of the sampler on a device', () => {
  it('do not lie below the probability, and not far above it', () => {
    const size = 1 << 20;
    // Below -6.5, no uniform number is small enough for a feature to fire.
    const of = Float32Array.from({ length: size }, (_, i) => -6.5 + (13 * i) / size);
    of.set([Number.NEGATIVE_INFINITY, -1e30, -100, -40, 0, -0, 100, Number.POSITIVE_INFINITY]);
    const runner = new Runner(samplerDriver(), SAMPLER, GROUP);
    const [phis, bounds] = [0, 0].map(() => runner.allocate(4 * size));
    runner.run('bounds', runner.groupsOf(size), [runner.filled(of), phis, bounds, size]);
    const [phi, bound] = [0, 0].map(() => new Float32Array(size));
    runner.read(phis, phi);
    runner.read(bounds, bound);
    expect(bound.every((value, i) => value >= phi[i])).toBe(true);
    expect(of.every((value, i) => value >= 0 || value < -5 || bound[i] < 1.4 * phi[i])).toBe(true);
    expect(bound[0]).toBe(0);
    expect(bound[7]).toBeGreaterThan(1);
  });

  it.each([
    ['with all that a world can have', config],
    ['of one feature', parseConfig({ num_features: 1, hidden_dim: 1, seed: 3 }, 'test')],
    ['without a forest', parseConfig({ num_features: 301, hidden_dim: 7, seed: 3 }, 'test')],
    [
      'of many factors and levels',
      parseConfig(
        {
          ...{ num_features: 800, hidden_dim: 900, seed: 5 },
          hierarchy: { total_root_nodes: 3, branching_factor: 2, max_depth: 7 },
          correlation: { rank: 1024, correlation_scale: 0.05, seed: 6 },
        },
        'test',
      ),
    ],
  ])('decide as the exact formula in a world %s', async (_, of) => {
    const world = await buildWorld(of);
    const exact = new DeviceSampler(world, 5, samplerDriver(), withoutBounds());
    const sampler = new DeviceSampler(world, 5);
    for (const rows of [1, 8, 13, 500]) expect(sampler.sample(3, rows)).toEqual(exact.sample(3, rows));
    expect(sampler.sample(3, 500).features.length).toBeGreaterThan(0);
  });
});
