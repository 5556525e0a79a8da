import { expect, it } from 'vitest';
import { gainOf } from './gains.ts';

const values = (...of: number[]) => new Map(of.map((value, seed) => [seed, value]));

it('is the mean over pairs on one seed, shown where its interval leaves out zero', () => {
  // t(0.975, 2) is 4.303: the half width is 4.303 · 0.01 / √3 = 0.0248.
  const gain = gainOf(values(0.53, 0.54, 0.52), values(0.5, 0.5, 0.5));
  expect(gain).toEqual({ value: expect.closeTo(0.03, 12), seeds: 3, shown: true });
  expect(gainOf(values(0.52, 0.53, 0.51), values(0.5, 0.5, 0.5))?.shown).toBe(false);
});

it('takes the seeds that both have, and shows nothing by one', () => {
  const gain = gainOf(values(0.6, 0.9), new Map([[0, 0.5]]));
  expect(gain).toEqual({ value: expect.closeTo(0.1, 12), seeds: 1, shown: false });
  expect(gainOf(values(0.6), new Map([[3, 0.5]]))).toBeNull();
});
