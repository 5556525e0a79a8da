import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from './backend.ts';
import { devicesHere } from './opencl/testing/devices-here.ts';

type F = (...xs: tf.Tensor[]) => tf.Tensor;

const a = () => tf.tensor2d([0.5, 1.25, 2, 0.75, 1.5, 0.3], [2, 3]);
const b = () => tf.tensor2d([1.5, 0.25, 1, 2.75, 0.6, 1.3], [2, 3]);
const row = () => tf.tensor1d([0.7, 1.1, 1.9]);
const column = () => tf.tensor2d([0.7, 1.6], [2, 1]);
const signed = () => tf.tensor2d([-0.5, 1.25, -2, 0.75, -1.5, 0.3], [2, 3]);

/** Compares the gradients of a weighted sum of f's numbers with central differences. */
function expectDerivatives(f: F, inputs: tf.Tensor[]): void {
  tf.tidy(() => {
    const weights = f(...inputs)
      .dataSync()
      .map((_, i) => Math.cos(1 + i));
    const loss: F = (...xs) => tf.sum(tf.mul(tf.reshape(f(...xs), [-1]), tf.tensor1d(Array.from(weights))));
    const gradients = tf.grads(loss as (...xs: tf.Tensor[]) => tf.Scalar)(inputs);
    const step = 1e-2;
    for (const [which, input] of inputs.entries()) {
      const values = Array.from(input.dataSync());
      const got = gradients[which].dataSync();
      expect(gradients[which].shape).toEqual(input.shape);
      for (const i of values.keys()) {
        const at = (shift: number) => {
          const moved = tf.tensor(
            values.map((v, j) => (j === i ? v + shift : v)),
            input.shape,
          );
          return loss(...inputs.map((x, j) => (j === which ? moved : x))).dataSync()[0];
        };
        const slope = (at(step) - at(-step)) / (2 * step);
        expect(Math.abs(got[i] - slope), `input ${which}[${i}]: ${got[i]} against ${slope}`).toBeLessThan(
          5e-3 * (1 + Math.abs(slope)),
        );
      }
    }
  });
}

const backends = ['embedded', 'wasm', 'cpu', ...devicesHere];

describe.each(backends)('derivatives on %s against finite differences', (backend) => {
  beforeAll(async () => {
    await openBackend(backend);
  });

  const binary: [string, F][] = [
    ['add', tf.add],
    ['sub', tf.sub],
    ['mul', tf.mul],
    ['div', tf.div],
    ['squaredDifference', tf.squaredDifference],
    ['maximum', tf.maximum],
    ['minimum', tf.minimum],
    ['pow', tf.pow],
  ];
  it.each(binary)('%s, with broadcasting', (_, f) => {
    expectDerivatives(f, [a(), b()]);
    expectDerivatives(f, [a(), row()]);
    expectDerivatives(f, [column(), b()]);
    expectDerivatives(f, [tf.scalar(0.9), b()]);
  });

  const unary: [string, (x: tf.Tensor) => tf.Tensor, boolean][] = [
    ['abs', tf.abs, true],
    ['square', tf.square, true],
    ['neg', tf.neg, true],
    ['relu', tf.relu, true],
    ['leakyRelu', (x) => tf.leakyRelu(x, 0.1), true],
    ['exp', tf.exp, true],
    ['sin', tf.sin, true],
    ['cos', tf.cos, true],
    ['tanh', tf.tanh, true],
    ['sigmoid', tf.sigmoid, true],
    ['softplus', tf.softplus, true],
    ['clip', (x) => tf.clipByValue(x, -1, 1), true],
    ['softmax', (x) => tf.softmax(x as tf.Tensor2D), true],
    ['elu', tf.elu, true],
    ['erf', tf.erf, true],
    ['expm1', tf.expm1, true],
    ['log', tf.log, false],
    ['log1p', tf.log1p, false],
    ['sqrt', tf.sqrt, false],
    ['rsqrt', tf.rsqrt, false],
    ['reciprocal', tf.reciprocal, false],
    ['norm of rows', (x) => tf.norm(x, 2, 1), true],
    ['a mask by comparison', (x) => tf.mul(x, tf.cast(tf.greater(x, 0.2), 'float32')), true],
    ['a mask by logic', (x) => tf.mul(x, tf.cast(tf.logicalNot(tf.less(x, 0.2)), 'float32')), true],
  ];
  it.each(unary)('%s', (_, f, anySign) => {
    expectDerivatives(f, [anySign ? signed() : a()]);
  });

  const reductions: [string, (x: tf.Tensor) => tf.Tensor][] = [
    ['sum', tf.sum],
    ['sum over rows', (x) => tf.sum(x, 0)],
    ['sum over columns, kept', (x) => tf.sum(x, 1, true)],
    ['mean', tf.mean],
    ['mean over rows', (x) => tf.mean(x, 0)],
    ['max', (x) => tf.max(x, 1)],
    ['min over rows', (x) => tf.min(x, 0)],
    ['cumsum', (x) => tf.cumsum(x, 1)],
    ['logSumExp', (x) => tf.logSumExp(x, 1)],
  ];
  it.each(reductions)('%s', (_, f) => {
    expectDerivatives(f, [signed()]);
  });

  const shapes: [string, (x: tf.Tensor) => tf.Tensor][] = [
    ['reshape', (x) => tf.reshape(x, [3, 2])],
    ['transpose', tf.transpose],
    ['expandDims', (x) => tf.expandDims(x, 1)],
    ['slice', (x) => tf.slice(x, [0, 1], [2, 2])],
    [
      'pad',
      (x) =>
        tf.pad(x, [
          [1, 0],
          [0, 2],
        ]),
    ],
    ['tile', (x) => tf.tile(x, [2, 3])],
    ['concat', (x) => tf.concat([x, tf.square(x)], 1)],
    ['stack', (x) => tf.stack([x, tf.square(x)])],
    ['split, one part left out', (x) => tf.concat([tf.split(x, [1, 2], 1)[1], x], 1)],
    ['unstack', (x) => tf.mul(tf.unstack(x, 1)[2], 2)],
    ['reverse', (x) => tf.reverse(x, 1)],
    ['where', (x) => tf.where(tf.tensor2d([1, 0, 0, 1, 1, 0], [2, 3], 'bool'), x, tf.square(x))],
    ['addN', (x) => tf.addN([x, tf.square(x), x])],
    ['clone', tf.clone],
    ['gather rows, one twice', (x) => tf.gather(x, tf.tensor1d([1, 0, 1], 'int32'))],
    ['gather columns', (x) => tf.gather(x, tf.tensor2d([2, 0, 1, 2], [2, 2], 'int32'), 1)],
    ['topk', (x) => tf.topk(x, 2).values],
  ];
  it.each(shapes)('%s', (_, f) => {
    expectDerivatives(f, [signed()]);
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('matMul, transposed %s %s', (transposeA, transposeB) => {
    const left = transposeA ? tf.tensor2d([1, 2, 3, -1, 0.5, 2], [3, 2]) : a();
    const right = transposeB
      ? tf.tensor2d([1, 2, 3, -1, 0.5, 2], [2, 3])
      : tf.tensor2d([1, 2, 3, -1, 0.5, 2], [3, 2]);
    expectDerivatives((x, y) => tf.matMul(x, y, transposeA, transposeB), [left, right]);
  });
});
