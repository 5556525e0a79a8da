import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../backend.ts';
import { uniform } from '../random.ts';
import { type EmbeddedBackend, embeddedBackend } from './backend.ts';

beforeAll(() => openBackend('embedded'));

const [ROWS, COLUMNS, N] = [1100, 90, 67];
const random = (rows: number, columns: number, seed: number, share = 1): tf.Tensor2D => {
  const next = uniform(seed);
  const values = Float32Array.from({ length: rows * columns }, () => (next() < share ? next() - 0.5 : 0));
  return tf.tensor2d(values, [rows, columns]);
};
const backend = () => embeddedBackend() as EmbeddedBackend;
const isUnread = (tensor: tf.Tensor) => backend().laterOf(tensor) !== null;

/** The sum over the rows of numbers [ROWS, N]. */
function sums(values: (at: number) => number): number[] {
  const out = new Array<number>(N).fill(0);
  for (let at = 0; at < ROWS * N; at++) out[at % N] += values(at);
  return out;
}

function expectClose(got: tf.Tensor, want: readonly number[]): void {
  expect(got.shape).toEqual([N]);
  for (const [j, number] of Array.from(got.dataSync()).entries()) expect(number).toBeCloseTo(want[j], 3);
}

/** codes·Wᵀ by plain loops. */
function product(codes: tf.Tensor2D, W: tf.Tensor2D): number[] {
  const [a, b] = [codes.arraySync(), W.arraySync()];
  return a.flatMap((row) => b.map((other) => row.reduce((sum, value, k) => sum + value * other[k], 0)));
}

it.each([0.05, 0.0002])(
  'sums a product over its rows without computing it, share of non-zeros: %s',
  (share) => {
    const [codes, W, x] = [random(ROWS, COLUMNS, 1, share), random(N, COLUMNS, 2), random(ROWS, N, 3)];
    const [p, v] = [product(codes, W), x.dataSync()];
    const own = tf.matMul(codes, W, false, true);
    const combined = tf.sub(tf.mul(own, 2), x);
    const all = [tf.sum(own, 0), tf.sum(tf.neg(own), 0), tf.sum(combined, 0)];
    expect(all.map(isUnread)).toEqual([true, true, true]);
    tf.dispose([codes, W, x]);
    expectClose(
      all[0],
      sums((at) => p[at]),
    );
    expectClose(
      all[1],
      sums((at) => -p[at]),
    );
    expectClose(
      all[2],
      sums((at) => 2 * p[at] - v[at]),
    );
    // Few non-zeros take less time than the whole of W.
    expect(isUnread(own)).toBe(share > 0.01);
    expect(own.dataSync()[N + 1]).toBeCloseTo(p[N + 1], 4);
    expectClose(
      tf.sum(own, 0),
      sums((at) => p[at]),
    );
  },
);

it('computes products with large matrices, as they are and transposed', () => {
  const [codes, W] = [random(200, 700, 1, 0.05), random(400, 700, 2)];
  const [a, b] = [codes.arraySync(), W.arraySync()];
  const got = tf.matMul(codes, W, false, true).dataSync();
  const other = tf.matMul(codes, tf.transpose(W)).dataSync();
  expect(got.every((number, at) => number === other[at])).toBe(true);
  for (const [at, number] of got.entries()) {
    const [row, column] = [a[Math.floor(at / 400)], b[at % 400]];
    if (at % 7 === 0)
      expect(number).toBeCloseTo(
        row.reduce((sum, x, k) => sum + x * column[k], 0),
        4,
      );
  }
});

it('adds sums over rows in one pass, and those that were read or have another shape as numbers', () => {
  const [x, y, codes, W] = [
    random(ROWS, N, 1),
    random(ROWS, N, 2),
    random(ROWS, COLUMNS, 3, 0.05),
    random(N, COLUMNS, 4),
  ];
  const [a, b, p] = [x.dataSync(), y.dataSync(), product(codes, W)];
  const difference = tf.sum(tf.sub(x, y), 0);
  const other = tf.sum(tf.add(x, tf.matMul(codes, W, false, true)), 0);
  const both = tf.add(difference, other);
  const twice = tf.add(both, difference);
  expect([difference, other, both, twice].map(isUnread)).toEqual([true, true, true, true]);
  expectClose(
    twice,
    sums((at) => 3 * a[at] - 2 * b[at] + p[at]),
  );
  expect([difference, other, both].map(isUnread)).toEqual([true, true, true]);
  difference.dataSync();
  expect(isUnread(tf.add(difference, other))).toBe(false);
  expectClose(
    tf.add(difference, other),
    sums((at) => 2 * a[at] - b[at] + p[at]),
  );
  const half = tf.sum(tf.neg(tf.slice(x, [0, 0], [ROWS / 2, N])), 0);
  expectClose(
    tf.add(half, other),
    sums((at) => (at < (ROWS / 2) * N ? 0 : a[at]) + p[at]),
  );
});

it('gives back what sums hold that nobody reads', () => {
  const held = backend().numDataIds();
  tf.tidy(() => {
    const own = tf.matMul(random(ROWS, COLUMNS, 1, 0.05), random(N, COLUMNS, 2), false, true);
    tf.add(tf.sum(own, 0), tf.sum(tf.add(own, random(ROWS, N, 3)), 0));
  });
  expect(backend().numDataIds()).toBe(held);
});
