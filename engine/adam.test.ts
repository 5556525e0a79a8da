import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAdam } from './adam.ts';
import { openBackend } from './backend.ts';
import { devicesHere } from './opencl/testing/devices-here.ts';
import { type Form, useForm } from './operation.ts';

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 };

describe.each<[Form, string]>([
  ['kernels', 'embedded'],
  ['kernels', 'cpu'],
  ['plain', 'wasm'],
  ...devicesHere.map((name): [Form, string] => ['device', name]),
])('Adam in the form %s on %s', (form, backend) => {
  beforeEach(async () => {
    await openBackend(backend);
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

  it('is its formula, on more weights than one thread takes', () => {
    const wave = (phase: number) => Float32Array.from({ length: 70_001 }, (_, i) => Math.sin(phase + i));
    const w = tf.variable(tf.tensor1d(wave(0)));
    const adam = createAdam({ w }, settings);
    const expected = Float64Array.from(wave(0));
    const [m, v] = [new Float64Array(70_001), new Float64Array(70_001)];
    for (let step = 1; step <= 3; step++) {
      const g = wave(step);
      const norm = adam.step({ w: tf.tensor1d(g) }, 0.1);
      expect(norm / Math.hypot(...g)).toBeCloseTo(1, 5);
      for (let i = 0; i < g.length; i++) {
        const clipped = g[i] / (norm + 1e-6);
        m[i] = 0.9 * m[i] + 0.1 * clipped;
        v[i] = 0.999 * v[i] + 0.001 * clipped * clipped;
        expected[i] -= (0.1 * (m[i] / (1 - 0.9 ** step))) / (Math.sqrt(v[i] / (1 - 0.999 ** step)) + 1e-8);
      }
    }
    const worst = Math.max(...Array.from(w.dataSync(), (value, i) => Math.abs(value - expected[i])));
    expect(worst).toBeLessThan(1e-5);
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
