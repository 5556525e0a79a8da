import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../backend.ts';
import { uniform } from '../random.ts';
import { type EmbeddedBackend, embeddedBackend } from './backend.ts';

beforeAll(() => openBackend('embedded'));

const [ROWS, COLUMNS, N] = [64, 80, 5];
const random = (rows: number, columns: number, seed: number, share = 1): tf.Tensor2D => {
  const next = uniform(seed);
  const values = Float32Array.from({ length: rows * columns }, () => (next() < share ? next() - 0.5 : 0));
  return tf.tensor2d(values, [rows, columns]);
};
const few = (seed: number) => random(ROWS, COLUMNS, seed, 0.05);
const backend = () => embeddedBackend() as EmbeddedBackend;
const isUnread = (tensor: tf.Tensor) => backend().laterOf(tensor) !== null;

function expectClose(got: tf.Tensor, want: number[][]): void {
  const values = got.arraySync() as number[][];
  expect(values.map(({ length }) => length)).toEqual(want.map(({ length }) => length));
  for (const [i, row] of want.entries())
    for (const [j, number] of row.entries()) expect(values[i][j]).toBeCloseTo(number, 5);
}

/** aᵀ·b + cᵀ·d by plain loops. */
function sumOf(a: tf.Tensor2D, b: tf.Tensor2D, c: tf.Tensor2D, d: tf.Tensor2D): number[][] {
  const [x, y, z, w] = [a, b, c, d].map((tensor) => tensor.arraySync());
  return x[0].map((_, j) =>
    y[0].map((_, k) => x.reduce((sum, row, i) => sum + row[j] * y[i][k] + z[i][j] * w[i][k], 0)),
  );
}

it.each([false, true])(
  'adds products before they are computed, whose operands may be gone, flipped: %s',
  (flip) => {
    const before = tf.memory().numDataBuffers;
    const [a, b, c, d] = [few(1), random(ROWS, N, 2), few(3), random(ROWS, N, 4)];
    const want = flip ? sumOf(b, a, d, c) : sumOf(a, b, c, d);
    const [one, other] = [
      [a, b],
      [c, d],
    ].map(([codes, dense]) => (flip ? tf.matMul(dense, codes, true) : tf.matMul(codes, dense, true)));
    const sum = tf.add(one, other);
    expect([one, other, sum].map(isUnread)).toEqual([true, true, true]);
    tf.dispose([a, b, c, d, one, other]);
    expectClose(sum, want);
    expect(isUnread(sum)).toBe(false);
    sum.dispose();
    expect(tf.memory().numDataBuffers).toBe(before);
  },
);

it('gives back the operands of a product that nobody reads', () => {
  const before = tf.memory().numDataBuffers;
  const held = backend().numDataIds();
  const [a, b] = [few(1), random(ROWS, N, 2)];
  const product = tf.matMul(a, b, true);
  tf.dispose([a, b]);
  product.dispose();
  expect(tf.memory().numDataBuffers).toBe(before);
  expect(backend().numDataIds()).toBe(held);
});

it('adds numbers where one was read, or has another shape', () => {
  const [a, b, c, d] = [few(1), random(ROWS, N, 2), few(3), random(ROWS, N, 4)];
  const [one, other] = [tf.matMul(a, b, true), tf.matMul(c, d, true)];
  one.dataSync();
  const sum = tf.add(one, other);
  expect(isUnread(sum)).toBe(false);
  expectClose(sum, sumOf(a, b, c, d));
  const reshaped = tf.reshape(tf.matMul(b, a, true), [COLUMNS, N]);
  const want = tf.add(
    tf.tensor(reshaped.dataSync(), [COLUMNS, N]),
    tf.tensor(other.dataSync(), [COLUMNS, N]),
  );
  const unread = tf.reshape(tf.matMul(b, a, true), [COLUMNS, N]);
  expectClose(tf.add(unread, tf.matMul(c, d, true)), want.arraySync() as number[][]);
});
