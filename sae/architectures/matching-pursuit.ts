import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decode, topK } from '#engine/ops';
import { csrOf } from '#engine/sparse';
import { baseFields, defineArchitecture, type Encoder, type Weights } from '../architecture.ts';
import { initialDecoder, zeros } from '../parts/init.ts';
import { reconstructionLoss, reductionFields } from '../parts/losses.ts';

const config = z.strictObject({
  ...baseFields,
  ...reductionFields,
  /** Initial norm of every decoder row; null leaves the rows as drawn. */
  decoder_init_norm: z.number().positive().nullable().default(1),
  /** Most iterations, each of which adds a latent; null: d_in. Rounded down. */
  max_iterations: z.number().positive().nullable().default(null),
  /** A sample is finished when its residual has a smaller norm. */
  residual_threshold: z.number().nonnegative().default(0),
  /** A sample is finished when it selects a latent that is active already. */
  stop_on_duplicate_support: z.boolean().default(true),
});
type Config = z.infer<typeof config>;
type Names = 'W_dec' | 'b_dec';

export default defineArchitecture<Config, Names>({
  summary:
    'Matching pursuit: selects the best latent of the residual, repeatedly, by the decoder (Costa et al. 2025)',
  config,
  init: (config, random) => ({ W_dec: initialDecoder(config, random), b_dec: zeros(config.d_in) }),
  /** The decoder encodes, so its rows stay: activations are in the unit of the residual. */
  inputScaling: () => ({ powers: { W_dec: 0, b_dec: -1 }, configPowers: { residual_threshold: -1 } }),

  trainingPass({ x, weights, config }) {
    const acts = pursue(tf.sub(x, weights.b_dec), weights.W_dec, config);
    const recon = tf.add(decode(acts, weights.W_dec), weights.b_dec);
    return {
      hiddenPre: tf.zerosLike(acts),
      acts,
      recon,
      losses: { mse_loss: reconstructionLoss(recon, x, config) },
    };
  },

  batchEncoder: (weights, _buffers, config) => encoder(weights, config),
  inferenceEncoder: (weights, _buffers, config) => ({
    architecture: 'matching_pursuit',
    fields: {
      residual_threshold: config.residual_threshold,
      max_iterations: config.max_iterations && Math.floor(config.max_iterations),
      stop_on_duplicate_support: config.stop_on_duplicate_support,
    },
    weights,
    ...encoder(weights, config),
  }),
});

function encoder({ W_dec, b_dec }: Weights<Names>, config: Config): Encoder {
  return { encode: (x) => pursue(tf.sub(x, b_dec), W_dec, config), W_dec, b_dec };
}

/**
 * Starts from r = u [batch, d_in]. Each iteration selects the latent with the largest r·d_i, adds v =
 * relu(r·d_i) to its activation and subtracts v d_i from r. The selection is a constant for the gradient,
 * which flows through v, d_i and r of every iteration. Returns activations [batch, d_sae].
 */
function pursue(u: tf.Tensor, W_dec: tf.Tensor, config: Config): tf.Tensor {
  const [samples, d_in] = u.shape as [number, number];
  const unfinished = new Uint8Array(samples).fill(1);
  let residual = u;
  let acts: tf.Tensor = tf.zeros([samples, config.d_sae]);
  for (let i = 0; i < Math.floor(config.max_iterations ?? d_in) && unfinished.includes(1); i++) {
    const best = topK(tf.matMul(residual, W_dec, false, true), 1);
    const taken = tf.mul(best, tf.tensor(Float32Array.from(unfinished), [samples, 1]));
    const before = config.stop_on_duplicate_support ? csrOf(acts) : null;
    acts = tf.add(acts, taken);
    residual = tf.sub(residual, decode(taken, W_dec));
    const after = csrOf(acts);
    const lengths = config.residual_threshold > 0 ? tf.norm(residual, 2, 1).dataSync() : null;
    for (let row = 0; row < samples; row++) {
      const count = ({ offsets }: typeof after) => offsets[row + 1] - offsets[row];
      if (before && count(before) === count(after)) unfinished[row] = 0;
      if (lengths && lengths[row] < config.residual_threshold) unfinished[row] = 0;
    }
  }
  return acts;
}
