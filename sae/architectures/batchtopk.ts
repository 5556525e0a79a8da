import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { batchTopK, decode } from '#engine/ops';
import { baseFields, defineArchitecture } from '../architecture.ts';
import { initialWeights } from '../parts/init.ts';
import { linearPowers, thresholdPower } from '../parts/input-scaling.ts';
import { deadLatentLoss, meanSquaredError } from '../parts/losses.ts';
import { rescaled } from '../parts/rescale.ts';
import { followThreshold, thresholded } from '../parts/thresholds.ts';

const config = z.strictObject({
  ...baseFields,
  /** Active latents of a sample, on average over the batch. May be a fraction. */
  k: z.number().positive(),
  aux_loss_coefficient: z.number().nonnegative().default(1),
  rescale_acts_by_decoder_norm: z.boolean().default(true),
  topk_threshold_lr: z.number().min(0).max(1).default(0.01),
});

export default defineArchitecture<
  z.infer<typeof config>,
  'W_enc' | 'b_enc' | 'W_dec' | 'b_dec',
  'topk_threshold'
>({
  summary: 'BatchTopK: the k·batch largest activations of a batch (Bussmann et al. 2024, arXiv 2412.06410)',
  config,
  init: initialWeights,
  buffers: () => ({ topk_threshold: Float64Array.of(0) }),
  inputScaling: (config) => ({ powers: { ...linearPowers, topk_threshold: thresholdPower(config) } }),

  trainingPass({ x, weights, buffers, config, dead }) {
    const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
    const hiddenPre = sae.encode(tf.sub(x, weights.b_dec));
    const acts = batchTopK(hiddenPre, config.k);
    const recon = tf.add(decode(acts, sae.W_dec), weights.b_dec);
    followThreshold(buffers.topk_threshold, 0, acts, config.topk_threshold_lr);
    const revival = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(x, recon), dead);
    return {
      hiddenPre,
      acts,
      recon,
      losses: {
        mse_loss: meanSquaredError(recon, x),
        auxiliary_reconstruction_loss: tf.mul(config.aux_loss_coefficient, revival),
      },
    };
  },

  batchEncoder(weights, _buffers, config) {
    const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
    return {
      encode: (x) => batchTopK(sae.encode(tf.sub(x, weights.b_dec)), config.k),
      W_dec: sae.W_dec,
      b_dec: weights.b_dec,
    };
  },

  /** JumpReLU with one threshold for all: the selection no longer depends on the batch. */
  inferenceEncoder(weights, buffers, config) {
    const { folded, W_dec } = rescaled(weights, config.rescale_acts_by_decoder_norm);
    const { W_enc, b_enc } = folded();
    const { b_dec } = weights;
    const threshold = tf.fill([config.d_sae], buffers.topk_threshold[0]);
    return {
      architecture: 'jumprelu',
      weights: { W_enc, b_enc, W_dec, b_dec, threshold },
      encode: (x) => thresholded(tf.add(tf.matMul(tf.sub(x, b_dec), W_enc), b_enc), threshold),
      W_dec,
      b_dec,
    };
  },
});
