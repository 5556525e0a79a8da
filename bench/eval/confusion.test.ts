import { expect, it } from 'vitest';
import { Confusion } from './confusion.ts';

it('takes a code of either sign for a false alarm where the feature is inactive, and 0 for none', () => {
  const confusion = new Confusion(3, 2);
  // Two samples, feature 1 active in both; all latents are feature 0's.
  const truth = { rows: 2, offsets: Uint32Array.of(0, 1, 2), features: Uint32Array.of(1, 1) };
  const codes = { rows: 2, offsets: Uint32Array.of(0, 3, 3), indices: Uint32Array.of(0, 1, 2) };
  const values = Float32Array.of(1, -1, 0);
  confusion.add({ ...truth, values: Float32Array.of(1, 1) }, { ...codes, values }, Int32Array.of(0, 0, 0));
  const rates = Float64Array.of(0, 0.5);
  expect(confusion.worst(0, rates)).toEqual({ feature: 1, share: 1 });
  expect(confusion.worst(1, rates)).toEqual({ feature: 1, share: 1 });
  expect(confusion.worst(2, rates)).toBeNull();
});
