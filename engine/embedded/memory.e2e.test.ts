import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { createAdam } from '../adam.ts';
import { openBackend } from '../backend.ts';
import { batchTopK, decode, decodeBands, detach, encode, squaredErrors, unitRows } from '../ops.ts';
import { uniform } from '../random.ts';
import { type EmbeddedBackend, embeddedBackend } from './backend.ts';

beforeAll(async () => {
  await openBackend('embedded');
});

it('memory is the same after 5,000 steps as after 50', () => {
  const next = uniform(1);
  const random = (...shape: [number, number]) => tf.randomUniform(shape, -1, 1, 'float32', next());
  const weights = {
    W_enc: tf.variable(random(8, 24)),
    b_enc: tf.variable(tf.zeros([24])),
    W_dec: tf.variable(random(24, 8)),
  };
  const bandOf = Uint8Array.from({ length: 24 }, (_, i) => (i < 6 ? 0 : 1));
  const adam = createAdam(weights, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 });
  const x = random(16, 8);
  const loss = () => {
    const { rows, norms } = unitRows(weights.W_dec);
    const h = encode(x, weights.W_enc, weights.b_enc, norms);
    const residual = tf.sub(x, decode(batchTopK(h, 2), rows));
    const z = batchTopK(tf.add(h, encode(residual, weights.W_enc, null, norms)), 2);
    const [first, second] = decodeBands(z, rows, bandOf, 2);
    const inner = tf.mean(squaredErrors(first, x));
    return tf.add(inner, tf.mean(squaredErrors(tf.add(detach(first), second), x))) as tf.Scalar;
  };
  const step = () =>
    tf.tidy(() => {
      const { grads } = tf.variableGrads(loss, Object.values(weights));
      const named = Object.entries(weights).map(([name, variable]) => [name, grads[variable.name]]);
      adam.step(Object.fromEntries(named), 1e-3);
    });
  const { heap } = embeddedBackend() as EmbeddedBackend;
  const state = () => ({
    tensors: tf.memory().numTensors,
    used: heap.used,
    memory: heap.memory.buffer.byteLength,
  });
  for (let i = 0; i < 50; i++) step();
  const early = state();
  for (let i = 50; i < 5000; i++) step();
  expect(state()).toEqual(early);
});

it("what was read stays as it was when the tensor is gone and its memory another's", () => {
  const a = tf.mul(tf.ones([100]), 3);
  const read = a.dataSync();
  a.dispose();
  tf.mul(tf.ones([100]), 5);
  expect(read[7]).toBe(3);
});

it('a slice outlives what it was cut from', () => {
  const whole = tf.mul(tf.ones([300]), 3);
  const part = tf.slice(whole, [100], [100]);
  whole.dispose();
  tf.mul(tf.ones([300]), 5);
  expect([...part.dataSync()].every((v) => v === 3)).toBe(true);
});
