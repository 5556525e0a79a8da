import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAdam } from './adam.ts';
import { openBackend } from './backend.ts';
import { type Form, useForm } from './operation.ts';

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 };

describe.each<Form>(['kernels', 'plain'])('Adam in the form %s', (form) => {
  beforeEach(async () => {
    await openBackend('wasm');
    useForm(form);
  });

  it('first moves every weight by the learning rate against its gradient', () => {
    const w = tf.variable(tf.tensor1d([1, 1, 1]));
    const norm = createAdam({ w }, settings).step({ w: tf.tensor1d([30, -0.04, 0]) }, 0.1);
    expect(norm).toBeCloseTo(30, 4);
    const [a, b, c] = w.dataSync();
    expect(a).toBeCloseTo(0.9, 6);
    expect(b).toBeCloseTo(1.1, 4);
    expect(c).toBe(1);
  });

  it('changes nothing where a gradient is not finite, and says so by the norm', () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const adam = createAdam({ w }, settings);
    expect(adam.step({ w: tf.tensor1d([Number.NaN, 1]) }, 0.1)).toBeNaN();
    expect([...w.dataSync()]).toEqual([1, 2]);
    expect(adam.state().steps).toBe(0);
  });

  it('goes on from a restored state bit for bit', () => {
    const gradient = (i: number) => ({ w: tf.tensor1d([Math.sin(i), Math.cos(i)]) });
    const straight = tf.variable(tf.tensor1d([1, 2]));
    const one = createAdam({ w: straight }, settings);
    for (let i = 0; i < 3; i++) one.step(gradient(i), 0.1);
    const halfway = tf.variable(tf.clone(straight));
    const two = createAdam({ w: halfway }, settings);
    two.restore(one.state());
    for (let i = 3; i < 6; i++) {
      one.step(gradient(i), 0.1);
      two.step(gradient(i), 0.1);
    }
    expect([...halfway.dataSync()]).toEqual([...straight.dataSync()]);
  });
});

describe('openBackend', () => {
  it.each(['cpu', 'wasm'])('%s passes its golden step and says what it is', async (name) => {
    const backend = await openBackend(name);
    expect(backend.name).toBe(name);
    expect(backend.label).toContain(name);
    expect(tf.getBackend()).toBe(name);
  });

  it('refuses a name there is not, listing those there are', async () => {
    await expect(openBackend('abacus')).rejects.toThrow(
      /unknown backend "abacus"; there are: auto, .*wasm, cpu/,
    );
  });
});
