import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../backend.ts';
import { useForm } from '../operation.ts';
import { squaredErrors } from '../ops.ts';
import { uniform } from '../random.ts';
import { type EmbeddedBackend, embeddedBackend } from './backend.ts';
import { numbersOfAll } from './combination.ts';

beforeAll(() => openBackend('embedded'));

const [ROWS, N] = [1030, 19];
const random = (rows: number, seed: number): tf.Tensor2D => {
  const next = uniform(seed);
  return tf.tensor2d(
    Float32Array.from({ length: rows * N }, () => next() - 0.5),
    [rows, N],
  );
};
const matrix = (seed: number) => random(ROWS, seed);
const row = (seed: number) => tf.reshape(random(1, seed), [N]) as tf.Tensor1D;
const backend = () => embeddedBackend() as EmbeddedBackend;
const isUnread = (tensor: tf.Tensor) => backend().laterOf(tensor) !== null;

function expectClose(got: tf.Tensor, want: ArrayLike<number>): void {
  const values = Float32Array.from(got.dataSync());
  expect(values.length).toBe(want.length);
  const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i])), 0);
  expect(worst).toBeLessThan(1e-5);
}

/** Sums, differences and multiples of two matrices and a row; each has its numbers beside it. */
interface Known {
  tensor: tf.Tensor;
  values: Float64Array;
}
type Step = { kind: 'add' | 'sub' | 'neg' | 'mul' | 'addN' | 'read'; i: number; j: number; by: number };
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('add', 'sub', 'neg', 'mul', 'addN', 'read'),
  i: fc.nat(9),
  j: fc.nat(9),
  by: fc.constantFrom(-2, 0, 0.3, 1),
});

function known(tensor: tf.Tensor): Known {
  const own = tensor.dataSync();
  return { tensor, values: Float64Array.from({ length: ROWS * N }, (_, at) => own[at % own.length]) };
}

function taken(all: Known[], { kind, i, j, by }: Step): void {
  const [a, b] = [all[i % all.length], all[j % all.length]];
  const of = (tensor: tf.Tensor, each: (at: number) => number) =>
    all.push({ tensor, values: a.values.map((_, at) => each(at)) });
  if (kind === 'add') of(tf.add(a.tensor, b.tensor), (at) => a.values[at] + b.values[at]);
  else if (kind === 'sub') of(tf.sub(a.tensor, b.tensor), (at) => a.values[at] - b.values[at]);
  else if (kind === 'neg') of(tf.neg(a.tensor), (at) => -a.values[at]);
  else if (kind === 'mul') of(tf.mul(a.tensor, by), (at) => by * a.values[at]);
  else if (kind === 'read') a.tensor.dataSync();
  else if (a.tensor.size === b.tensor.size)
    of(tf.addN([a.tensor, b.tensor, a.tensor]), (at) => 2 * a.values[at] + b.values[at]);
}

describe('linear combinations', () => {
  it('have the numbers of their definition, in whatever order they are made and read', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
        tf.tidy(() => {
          const all = [matrix(1), matrix(2), row(3)].map(known);
          for (const each of steps) taken(all, each);
          for (const { tensor, values } of all.slice(3))
            expectClose(tensor, tensor.size === N ? values.subarray(0, N) : values);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('are not computed before they are read, and outlive their operands', () => {
    const [before, held] = [tf.memory().numDataBuffers, backend().numDataIds()];
    tf.tidy(() => {
      const [a, b, c] = [matrix(1), matrix(2), row(3)];
      const [x, y, z] = [a, b, c].map((tensor) => tensor.dataSync());
      const sum = tf.add(a, c);
      const difference = tf.sub(tf.mul(sum, 2), b);
      const nobodys = tf.neg(difference);
      expect([sum, difference, nobodys].map(isUnread)).toEqual([true, true, true]);
      tf.dispose([a, b, c, sum]);
      expectClose(
        difference,
        x.map((value, at) => 2 * (value + z[at % N]) - y[at]),
      );
      expect(isUnread(difference)).toBe(false);
    });
    expect(tf.memory().numDataBuffers).toBe(before);
    expect(backend().numDataIds()).toBe(held);
  });

  it('are of the numbers that a variable had, and give them back', () => {
    const variable = tf.tidy(() => tf.variable(matrix(1)));
    const before = variable.dataSync();
    const held = [tf.memory().numDataBuffers, backend().numDataIds()];
    tf.tidy(() => {
      const [twice, nobodys] = [tf.mul(variable, 2), tf.neg(variable)];
      expect([twice, nobodys].map(isUnread)).toEqual([true, true]);
      variable.assign(tf.zerosLike(variable));
      expectClose(
        twice,
        before.map((value) => 2 * value),
      );
    });
    expect([tf.memory().numDataBuffers, backend().numDataIds()]).toEqual(held);
    expectClose(variable, new Float32Array(ROWS * N));
    variable.dispose();
  });

  it('hide no number that is not finite', () => {
    const x = tf.tensor2d(matrix(1).dataSync().fill(Number.POSITIVE_INFINITY, 0, 1), [ROWS, N]);
    const none = tf.sub(x, x);
    expect(isUnread(none)).toBe(true);
    const [first, second] = none.dataSync();
    expect([first, second]).toEqual([Number.NaN, 0]);
  });

  it('are computed at once where they are small, of other shapes, of many operands, or in the plain form', () => {
    const [few, cube] = [random(3, 1), tf.reshape(matrix(1), [ROWS / 2, 2, N])];
    expect([tf.add(few, few), tf.add(cube, cube)].map(isUnread)).toEqual([false, false]);
    const all = Array.from({ length: 13 }, (_, i) => matrix(i));
    const sum = tf.addN(all);
    expect(isUnread(sum)).toBe(false);
    expectClose(tf.sub(sum, tf.addN(all.slice(1))), all[0].dataSync());
    try {
      useForm('plain');
      expect(isUnread(tf.add(all[0], all[1]))).toBe(false);
    } finally {
      useForm('kernels');
    }
  });

  it('are read where they were given another shape', () => {
    const sum = tf.add(matrix(1), matrix(2));
    const shape: [number, number] = [ROWS / 10, 10 * N];
    const other = tf.add(tf.reshape(sum, shape), tf.reshape(matrix(3), shape));
    expectClose(other, tf.add(sum, matrix(3)).dataSync());
    const flat = tf.reshape(sum, [ROWS * N]);
    expectClose(
      tf.add(flat, 1),
      sum.dataSync().map((value) => value + 1),
    );
  });

  it('have squared errors, gradients and sums over the rows without being read', () => {
    const [a, b, c] = [matrix(1), matrix(2), row(3)];
    const [x, y, z] = [a, b, c].map((tensor) => tensor.dataSync());
    const loss = (u: tf.Tensor, v: tf.Tensor, w: tf.Tensor) => {
      const left = tf.add(u, w);
      const errors = squaredErrors(left, tf.sub(v, w));
      expect(isUnread(left)).toBe(true);
      return tf.sum(errors) as tf.Scalar;
    };
    const residual = Float64Array.from(x, (value, at) => value + 2 * z[at % N] - y[at]);
    expect(loss(a, b, c).dataSync()[0]).toBeCloseTo(
      residual.reduce((sum, each) => sum + each * each, 0),
      1,
    );
    const [da, db, dc] = tf.grads(loss)([a, b, c]);
    expect([da, db].map(isUnread)).toEqual([true, true]);
    const columns = new Float64Array(N);
    for (const [at, each] of residual.entries()) columns[at % N] += 4 * each;
    const sums = dc.dataSync();
    for (const [j, want] of columns.entries()) expect(sums[j]).toBeCloseTo(want, 2);
    // Weighted ones too, by the gradient of each row, and several in one pass.
    const half = tf.add(da, tf.mul(db, 0.5));
    expect(isUnread(half)).toBe(true);
    const [p, q, r] = numbersOfAll(backend(), [half, da, da]);
    expect([half, da].map(isUnread)).toEqual([false, false]);
    for (const at of [0, 1, N, ROWS * N - 1]) {
      expect(p[at]).toBeCloseTo(residual[at], 5);
      expect(q[at]).toBeCloseTo(2 * residual[at], 5);
    }
    expect(r).toEqual(q);
    expectClose(squaredErrors(tf.mul(db, 1), db), new Float32Array(ROWS));
  });
});
