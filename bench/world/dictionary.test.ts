import { expect, it } from 'vitest';
import { normaliseRows, orthogonalise } from './dictionary.ts';

/** One step of Adam from its formula; every sum in the order of its terms. */
function stepped(rows: Float32Array, d: number, lr: number): Float32Array {
  const n = rows.length / d;
  const e = Float64Array.from(rows);
  normaliseRows(e, d);
  const sum = (count: number, term: (i: number) => number): number => {
    let total = 0;
    for (let i = 0; i < count; i++) total += term(i);
    return total;
  };
  const gram = Array.from({ length: d * d }, (_, at) => {
    const [k, l] = [Math.floor(at / d), at % d];
    return sum(n, (row) => e[row * d + k] * e[row * d + l]);
  });
  const next = e.map((value, at) => {
    const [start, column] = [at - (at % d), at % d];
    const square = sum(d, (k) => e[start + k] * e[start + k]);
    const product = sum(d, (k) => e[start + k] * gram[k * d + column]);
    const gradient = 4 * product + (4 * n * (square - 1) - 4 * square) * value;
    const [first, second] = [0.1 * gradient, 0.001 * gradient * gradient];
    return value - ((lr / (1 - 0.9 ** 1)) * first) / (Math.sqrt(second) / Math.sqrt(1 - 0.999 ** 1) + 1e-8);
  });
  normaliseRows(next, d);
  return Float32Array.from(next);
}

// A world is known by its last bit, whatever the number of columns that are summed at a time.
it.each([1, 3, 4, 7, 26])('orthogonalises %i columns to the last bit', (d) => {
  const rows = Float32Array.from({ length: 5 * d }, (_, i) => Math.sin(1 + 0.7 * i));
  const expected = stepped(rows, d, 0.01);
  orthogonalise(rows, d, { num_steps: 1, lr: 0.01 });
  expect(rows).toEqual(expected);
});
