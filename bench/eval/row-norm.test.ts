import { expect, it } from 'vitest';
import { restoreRows } from './row-norm.ts';

const x = Float32Array.of(1, 2, 3, 6, 0, 0, 4, 0);

it('puts mean and standard deviation back', () => {
  const output = Float32Array.of(0, 1, -1, 0, 1, 0, 0, 0, 99);
  restoreRows('layer_norm', x, output, 4);
  const std = Math.sqrt(14 / 3);
  // The second row's mean is 1, its standard deviation 2; numbers behind the rows stay as they are.
  const expected = [3, 3 + std, 3 - std, 3, 3, 1, 1, 1, 99];
  for (const [at, value] of expected.entries()) expect(output[at]).toBeCloseTo(value, 5);
});

it('puts the norm back, over √d', () => {
  const output = Float32Array.of(2, 0, 0, 0, 0, 1, 0, 0);
  restoreRows('constant_norm_rescale', x, output, 4);
  const norm = Math.sqrt(50);
  for (const [at, value] of [norm, 0, 0, 0, 0, 2, 0, 0].entries()) expect(output[at]).toBeCloseTo(value, 5);
});
