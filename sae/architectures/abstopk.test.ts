import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import abstopk from './abstopk.ts';

const [D_IN, D_SAE, ROWS, K] = [6, 12, 16, 3];
type Names = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec';

beforeAll(async () => {
  await openBackend('embedded');
});

const random = uniform(5);
const normal = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random() - 1),
    shape,
  );

/** Losses, codes and gradients of one pass in which some latents are dead. */
function pass(weights: Record<Names, tf.Tensor>, x: tf.Tensor) {
  const config = abstopk.config.parse({ d_in: D_IN, d_sae: D_SAE, k: K });
  const dead = Uint8Array.from({ length: D_SAE }, (_, i) => Number(i % 3 === 0));
  const names = Object.keys(weights) as Names[];
  let losses: number[] = [];
  let codes: number[] = [];
  const gradients = tf.grads((...given: tf.Tensor[]) => {
    const own = Object.fromEntries(names.map((name, i) => [name, given[i]]));
    const buffers = abstopk.buffers?.(config) ?? {};
    const state = {
      buffers,
      config,
      step: 0,
      trainingSteps: 1,
      dead,
      multiplier: 1,
      schedule: (at: (step: number) => number) => at(0),
    };
    const result = abstopk.trainingPass({ ...state, x, weights: own });
    losses = Object.values(result.losses).map((loss) => loss.dataSync()[0]);
    codes = [...result.acts.dataSync()];
    return tf.addN(Object.values(result.losses).map((loss) => tf.reshape(loss, []))) as tf.Scalar;
  })(names.map((name) => weights[name]));
  return { losses, codes, gradients: Object.fromEntries(names.map((name, i) => [name, gradients[i]])) };
}

const made = () => ({
  weights: {
    W_enc: normal([D_IN, D_SAE]),
    b_enc: normal([D_SAE]),
    W_dec: normal([D_SAE, D_IN]),
    b_dec: normal([D_IN]),
  },
  x: normal([ROWS, D_IN]),
});

describe('AbsTopK', () => {
  it('keeps the k largest in magnitude, with their signs', () => {
    const { weights, x } = made();
    const { codes } = pass(weights, x);
    const norms = tf.norm(weights.W_dec, 2, 1);
    const h = tf
      .mul(tf.add(tf.matMul(tf.sub(x, weights.b_dec), weights.W_enc), weights.b_enc), norms)
      .arraySync() as number[][];
    let negative = 0;
    for (const [row, own] of h.entries()) {
      const kept = [...own.keys()].sort((a, b) => Math.abs(own[b]) - Math.abs(own[a])).slice(0, K);
      for (const [i, value] of own.entries()) {
        expect(codes[row * D_SAE + i]).toBeCloseTo(kept.includes(i) ? value : 0, 5);
        if (kept.includes(i) && value < 0) negative++;
      }
    }
    expect(negative).toBeGreaterThan(5);
  });

  it('has the same losses when a latent’s encoder and decoder change sign, and the gradients change sign with them', () => {
    const { weights, x } = made();
    // Latent 3 is dead: its loss selects by magnitude too.
    const turned = tf.tensor1d(Array.from({ length: D_SAE }, (_, i) => (i === 1 || i === 3 ? -1 : 1)));
    const column = tf.reshape(turned, [D_SAE, 1]);
    const other = pass(
      {
        W_enc: tf.mul(weights.W_enc, turned),
        b_enc: tf.mul(weights.b_enc, turned),
        W_dec: tf.mul(weights.W_dec, column),
        b_dec: weights.b_dec,
      },
      x,
    );
    const own = pass(weights, x);
    expect(own.losses[1]).toBeGreaterThan(0);
    for (const [i, loss] of own.losses.entries()) expect(other.losses[i]).toBeCloseTo(loss, 4);
    const close = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0];
    expect(close(tf.mul(other.gradients.W_enc, turned), own.gradients.W_enc)).toBeLessThan(1e-4);
    expect(close(tf.mul(other.gradients.W_dec, column), own.gradients.W_dec)).toBeLessThan(1e-4);
    expect(tf.max(tf.abs(own.gradients.W_enc)).dataSync()[0]).toBeGreaterThan(0.01);
  });
});
