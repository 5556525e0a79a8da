import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openBackend } from '../backend.ts';
import { devicesHere } from '../opencl/testing/devices-here.ts';
import { uniform } from '../random.ts';

type F = (...xs: tf.Tensor[]) => tf.Tensor;

const ofTwo: F[] = [
  ...[tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.squaredDifference],
  ...[tf.greater, tf.greaterEqual, tf.less, tf.lessEqual, tf.equal],
];
const ofOne: F[] = [
  tf.neg,
  tf.square,
  tf.sqrt,
  tf.abs,
  tf.relu,
  tf.exp,
  (x) => tf.softmax(x),
  (x) => tf.transpose(x),
];

/**
 * An expression of tfjs over random shapes: dimensions of 0 and 1, broadcasting, many zeros, and now and then
 * NaN and infinity.
 */
function expression(seed: number): {
  name: string;
  f: F;
  inputs: { shape: number[]; values: Float32Array }[];
} {
  const next = uniform(seed);
  const upTo = (most: number) => Math.floor(next() * most);
  const pick = <T>(all: readonly T[]): T => all[upTo(all.length)];
  const shape = Array.from({ length: 1 + upTo(3) }, () => pick([0, 1, 3, 8, 17, 64]));
  const share = pick([0, 0, 0.95]);
  const odd = pick([0, 0, 0, 0.02]);
  const data = (own: number[]) => {
    const number = () => (next() < share ? 0 : 4 * next() - 2);
    const size = own.reduce((product, n) => product * n, 1);
    const any = () => (next() < odd ? pick([Number.NaN, Infinity, -Infinity, -0]) : number());
    return { shape: own, values: Float32Array.from({ length: size }, any) };
  };
  const kind = upTo(4);
  if (kind === 0) {
    const other = shape.map((n) => pick([n, n, 1])).slice(upTo(shape.length + 1));
    const f = pick(ofTwo);
    const swapped: F = (a, b) => f(b, a);
    return { name: `${f.name} ${shape} ${other}`, f: pick([f, swapped]), inputs: [data(shape), data(other)] };
  }
  if (kind === 1) {
    const f = pick(ofOne);
    return { name: `${f.name} ${shape}`, f, inputs: [data(shape)] };
  }
  if (kind === 2) {
    const axes = shape.map((_, axis) => axis).filter(() => next() < 0.5);
    const [f, keepDims] = [pick([tf.sum, tf.mean]), next() < 0.5];
    return { name: `${f.name} ${shape} over ${axes}`, f: (x) => f(x, axes, keepDims), inputs: [data(shape)] };
  }
  const [m, k, n] = [1 + upTo(70), 1 + upTo(70), 1 + upTo(70)];
  const [flipA, flipB] = [next() < 0.5, next() < 0.5];
  return {
    name: `matMul ${m} ${k} ${n} ${flipA} ${flipB}`,
    f: (a, b) => tf.matMul(a, b, flipA, flipB),
    inputs: [data(flipA ? [k, m] : [m, k]), data(flipB ? [n, k] : [k, n])],
  };
}

/** Shapes and numbers of the value and the gradients; a string if it throws. */
function outcome({ f, inputs }: ReturnType<typeof expression>): (number[] | ArrayLike<number>)[] | string {
  try {
    tf.engine().startScope();
    const xs = inputs.map(({ shape, values }) => tf.tensor(values, shape, 'float32'));
    const value = f(...xs);
    const tensors = [value];
    if (value.dtype === 'float32' && value.size > 0) {
      const weights = tf.reshape(tf.cos(tf.range(0, value.size)), value.shape);
      tensors.push(...tf.grads((...ys) => tf.sum(tf.mul(f(...ys), weights)) as tf.Scalar)(xs));
    }
    return tensors.flatMap((tensor) => [tensor.shape, tensor.dataSync()]);
  } catch {
    return 'throws';
  } finally {
    tf.engine().endScope();
  }
}

const isClose = (a: number, b: number) =>
  a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-4 * (1 + Math.abs(a));

it.each(['embedded', ...devicesHere])(
  "computes on %s what tfjs' cpu backend does, values and gradients, whatever the shapes",
  async (backend) => {
    const expressions = Array.from({ length: 400 }, (_, seed) => expression(seed));
    await openBackend('cpu');
    const wanted = expressions.map(outcome);
    await openBackend(backend);
    for (const [i, got] of expressions.map(outcome).entries()) {
      const want = wanted[i];
      const same =
        typeof got === 'string' || typeof want === 'string'
          ? got === want
          : got.length === want.length &&
            got.every(
              (list, j) =>
                list.length === want[j].length && Array.from(list).every((v, at) => isClose(v, want[j][at])),
            );
      if (!same) expect(got, expressions[i].name).toEqual(want);
    }
    expect(wanted.filter((want) => want === 'throws').length).toBeLessThan(40);
  },
  // A driver that computes on the processor first builds every kernel.
  240_000,
);
