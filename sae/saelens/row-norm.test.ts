import { expect, it } from 'vitest';
import { normalisedRows } from './row-norm.ts';

it('normalises mean and standard deviation of each row, as SAELens does', () => {
  // torch: x - mean, over std (of n - 1) + 1e-5.
  const x = Float32Array.of(1, 2, 3, 6, 10, 10, 10, 10.001);
  const [a, b, c, d, ...flat] = normalisedRows('layer_norm', x, 4);
  const std = Math.sqrt(14 / 3);
  for (const [got, centred] of [
    [a, -2],
    [b, -1],
    [c, 0],
    [d, 3],
  ])
    expect(got).toBeCloseTo(centred / (std + 1e-5), 6);
  // Here the 1e-5 shows: the standard deviation is 5e-4.
  const centred = x[7] - (30 + x[7]) / 4;
  expect(flat[3]).toBeCloseTo(centred / ((centred * 4) / 3 / 2 + 1e-5), 5);
});

it('scales each row to norm √d', () => {
  const x = Float32Array.of(3, 4, 0, 0, 0, 0, -2, 0);
  expect(normalisedRows('constant_norm_rescale', x, 4)).toEqual(Float32Array.of(1.2, 1.6, 0, 0, 0, 0, -2, 0));
});
