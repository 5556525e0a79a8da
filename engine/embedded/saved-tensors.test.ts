import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../backend.ts';

beforeAll(() => openBackend('embedded'));

const cubes = (x: tf.Tensor) => tf.sum(tf.mul(tf.square(x), x)) as tf.Scalar;

it('saves tensors for a gradient without an operation for each, and keeps none', async () => {
  const x = tf.tensor1d([1, -2, 3]);
  const before = tf.memory();
  const { kernelNames } = await tf.profile(() => {
    const gradient = tf.grad((v) => cubes(tf.add(v, v)))(x);
    expect([...gradient.dataSync()]).toEqual([24, 96, 216]);
    gradient.dispose();
  });
  expect(kernelNames).not.toContain('Identity');
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  expect({ numTensors, numDataBuffers, numBytes }).toEqual({
    numTensors: before.numTensors,
    numDataBuffers: before.numDataBuffers,
    numBytes: before.numBytes,
  });
});

it('has gradients of gradients', () => {
  const x = tf.tensor1d([1, -2, 3]);
  const twice = tf.grad((v) => tf.sum(tf.grad(cubes)(v)) as tf.Scalar)(x);
  expect([...twice.dataSync()]).toEqual([6, -12, 18]);
  const mixed = tf.grad((v) => {
    const [slope] = tf.grads((u: tf.Tensor, w: tf.Tensor) => tf.sum(tf.mul(u, tf.square(w))) as tf.Scalar)([
      tf.add(v, v),
      v,
    ]);
    return tf.sum(tf.mul(slope, v)) as tf.Scalar;
  })(x);
  expect([...mixed.dataSync()]).toEqual([3, 12, 27]);
});
