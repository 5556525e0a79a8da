import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { batchTopK, decodeBands } from '#engine/ops';
import { baseFields, defineArchitecture } from '../architecture.ts';
import { initialWeights } from '../parts/init.ts';
import { linearPowers, thresholdPower } from '../parts/input-scaling.ts';
import { deadLatentLoss, meanSquaredError } from '../parts/losses.ts';
import { areNested, notNested, prefixes } from '../parts/prefixes.ts';
import { rescaled } from '../parts/rescale.ts';
import { followThreshold, thresholded } from '../parts/thresholds.ts';

const config = z
  .strictObject({
    ...baseFields,
    /** Active latents of a sample, on average over the batch. May be a fraction. */
    k: z.number().positive(),
    aux_loss_coefficient: z.number().nonnegative().default(1),
    rescale_acts_by_decoder_norm: z.boolean().default(true),
    topk_threshold_lr: z.number().min(0).max(1).default(0.01),
    /** Prefixes of the dictionary that must reconstruct alone; d_sae is appended where it is missing. */
    matryoshka_widths: z.array(z.number().int().positive()).default([]),
    /** Revive the dead latents of each band on the residual of its own prefix. */
    use_matryoshka_aux_loss: z.boolean().default(false),
  })
  .refine(areNested, notNested);

export default defineArchitecture<
  z.infer<typeof config>,
  'W_enc' | 'b_enc' | 'W_dec' | 'b_dec',
  'topk_threshold'
>({
  summary: 'Matryoshka BatchTopK: nested prefixes reconstruct too (Bussmann et al. 2025, arXiv 2503.17547)',
  config,
  init: initialWeights,
  buffers: () => ({ topk_threshold: Float64Array.of(0) }),
  inputScaling: (config) => ({ powers: { ...linearPowers, topk_threshold: thresholdPower(config) } }),

  trainingPass({ x, weights, buffers, config, dead }) {
    const { b_dec } = weights;
    const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
    const hiddenPre = sae.encode(tf.sub(x, b_dec));
    const acts = batchTopK(hiddenPre, config.k);
    followThreshold(buffers.topk_threshold, 0, acts, config.topk_threshold_lr);

    const losses: Record<string, tf.Tensor> = {};
    let revival: tf.Tensor = tf.scalar(0);
    let recon: tf.Tensor = b_dec;
    const { widths, bandOf } = prefixes(config.matryoshka_widths, config.d_sae);
    for (const [level, part] of decodeBands(acts, sae.W_dec, bandOf, widths.length).entries()) {
      recon = tf.add(recon, part);
      const isWhole = level === widths.length - 1;
      losses[isWhole ? 'mse_loss' : `inner_mse_loss_${widths[level]}`] = meanSquaredError(recon, x);
      if (config.use_matryoshka_aux_loss && dead) {
        const deadHere = dead.map((isDead, i) => (isDead && bandOf[i] === level ? 1 : 0));
        const loss = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(x, recon), deadHere);
        revival = tf.add(revival, loss);
      }
    }
    if (!config.use_matryoshka_aux_loss) {
      revival = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(x, recon), dead);
    }
    losses.auxiliary_reconstruction_loss = tf.mul(config.aux_loss_coefficient, revival);
    return { hiddenPre, acts, recon, losses };
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
