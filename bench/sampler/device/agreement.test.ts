import { expect, it } from 'vitest';
import { openWorld } from '../../worlds.ts';
import { Sampler } from '../sampler.ts';
import { disagreement } from './agreement.ts';

const { world } = await openWorld('tiny');
const trusted = new Sampler(world, 1, 'train');

it('finds nothing between two streams of one world', () => {
  for (const seed of [2, 3, 4])
    expect(disagreement(world, new Sampler(world, seed, 'train'), trusted)).toBeNull();
});

it.each([
  [
    'features that fire too often',
    { ...world, thresholds: world.thresholds.map((t) => t - 0.5) },
    /active features/,
  ],
  [
    'magnitudes that are too large',
    { ...world, means: world.means.map((mean) => 1.5 * mean) },
    /squared norm/,
  ],
])('finds %s', (_, other, message) => {
  expect(disagreement(world, new Sampler(other, 2, 'train'), trusted)).toMatch(message);
});

it('finds numbers that are none', () => {
  const broken = {
    sample(index: number, rows: number, x?: Float32Array) {
      const drawn = trusted.sample(index, rows, x);
      x?.fill(Number.NaN, 0, 1);
      return drawn;
    },
  };
  expect(disagreement(world, broken, trusted)).toMatch(/squared norm/);
});
