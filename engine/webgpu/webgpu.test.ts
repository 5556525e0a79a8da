import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createAdam } from '../adam.ts';
import { openBackend } from '../backend.ts';
import { batchTopK, decode, decodeBands, detach, encode, squaredErrors } from '../ops.ts';
import { uniform } from '../random.ts';

// Any Vulkan driver works, such as Mesa's software driver on a machine without a GPU.
const refusal = await openBackend('webgpu').then(
  (backend) => {
    console.log(`testing ${backend.label}`);
    return null;
  },
  (error: Error) => error.message,
);
if (refusal) console.log(`SKIP: ${refusal}`);

const STEPS = 20;

/** Losses of a small refined, banded autoencoder on fixed data: every kind of operation that trainers use. */
async function losses(backend: string): Promise<number[]> {
  await openBackend(backend);
  const next = uniform(1);
  const draw = (...shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => next() - 0.5),
      shape,
    );
  const weights = { W_enc: tf.variable(draw(12, 40)), W_dec: tf.variable(draw(40, 12)) };
  const x = draw(64, 12);
  const bandOf = Uint8Array.from({ length: 40 }, (_, i) => (i < 10 ? 0 : 1));
  const adam = createAdam(weights, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 });
  return Array.from({ length: STEPS }, () => {
    const { value, grads } = tf.variableGrads(() => {
      const { W_enc, W_dec } = weights;
      const first = batchTopK(encode(x, W_enc), 3);
      const h = tf.add(encode(x, W_enc), encode(tf.sub(x, decode(first, W_dec)), W_enc));
      const [inner, outer] = decodeBands(batchTopK(h, 3), W_dec, bandOf, 2);
      const whole = tf.mean(squaredErrors(tf.add(detach(inner), outer), x));
      return tf.add(whole, tf.mean(squaredErrors(inner, x))) as tf.Scalar;
    });
    adam.step({ W_enc: grads[weights.W_enc.name], W_dec: grads[weights.W_dec.name] }, 0.01);
    return value.dataSync()[0];
  });
}

it.skipIf(refusal)('passes its golden step and trains as the wasm backend does', async () => {
  const [got, want] = [await losses('webgpu'), await losses('wasm')];
  expect(want[STEPS - 1]).toBeLessThan(0.8 * want[0]);
  for (const [step, loss] of want.entries()) {
    expect(Math.abs(got[step] - loss), `step ${step}`).toBeLessThan(1e-4 * loss);
  }
});
