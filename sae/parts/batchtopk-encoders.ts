import * as tf from '@tensorflow/tfjs-core';
import { batchTopK, encode, thresholded } from '#engine/ops';
import type { StepNumber } from '#engine/step-numbers';
import type { Buffers, Encoder, InferenceEncoder, Weights } from '../architecture.ts';
import type { BatchTopKBuffers, BatchTopKConfig, BatchTopKWeights } from './batchtopk-config.ts';
import { presentK } from './k-schedule.ts';
import { refine, stepSizes } from './refinement.ts';
import { rescaled } from './rescale.ts';

type WeightsOf = Weights<BatchTopKWeights>;
type BuffersOf = Buffers<BatchTopKBuffers>;

/** BatchTopK of x [batch, d_in] at k, with the refinement: the weights as used, and what `refine` returns. */
export function selectByBatch(x: tf.Tensor, weights: WeightsOf, k: StepNumber, config: BatchTopKConfig) {
  const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
  const u = tf.sub(x, weights.b_dec);
  return { sae, ...refine(u, sae, stepSizes(weights, config), (h) => batchTopK(h, k)) };
}

/** BatchTopK over the batch that it is given, at the present k. */
export function batchTopKEncoder(weights: WeightsOf, buffers: BuffersOf, config: BatchTopKConfig): Encoder {
  return {
    encode: (x) =>
      selectByBatch(x, weights, presentK(buffers, config), config).stages[config.n_refinement_steps],
    W_dec: rescaled(weights, config.rescale_acts_by_decoder_norm).W_dec,
    b_dec: weights.b_dec,
  };
}

/**
 * The selections replaced by thresholds: JumpReLU, with a threshold for each stage where there is a
 * refinement.
 */
export function thresholdEncoder(
  weights: WeightsOf,
  buffers: BuffersOf,
  config: BatchTopKConfig,
): InferenceEncoder {
  return config.n_refinement_steps === 0
    ? jumpReluEncoder(weights, buffers, config)
    : refinedThresholdEncoder(weights, buffers, config);
}

/** JumpReLU with one threshold for all latents, the decoder norms folded into the weights. */
function jumpReluEncoder(weights: WeightsOf, buffers: BuffersOf, config: BatchTopKConfig): InferenceEncoder {
  const { folded, W_dec } = rescaled(weights, config.rescale_acts_by_decoder_norm);
  const { W_enc, b_enc } = folded();
  const { b_dec } = weights;
  const threshold = tf.fill([config.d_sae], buffers.topk_thresholds[0]);
  return {
    architecture: 'jumprelu',
    weights: { W_enc, b_enc, W_dec, b_dec, threshold },
    encode: (x) => thresholded(encode(tf.sub(x, b_dec), W_enc, b_enc), threshold),
    W_dec,
    b_dec,
  };
}

/**
 * The refinement with thresholds [stages, d_sae] in the units of the weights as they are. Of an SAE that
 * SAELens saved, the buffer has a threshold for each latent; of one that was trained here, one for each
 * stage.
 */
export function refinedThresholdEncoder(
  weights: WeightsOf,
  buffers: BuffersOf,
  config: BatchTopKConfig,
): InferenceEncoder {
  const { W_enc, b_enc, W_dec, b_dec } = weights;
  const { n_refinement_steps, d_sae } = config;
  const norms = config.rescale_acts_by_decoder_norm ? tf.norm(W_dec, 2, 1) : tf.ones([d_sae]);
  const count = n_refinement_steps + 1;
  const saved = tf.tensor(Float32Array.from(buffers.topk_thresholds), [
    count,
    buffers.topk_thresholds.length / count,
  ]);
  const thresholds = tf.div(saved, norms);
  const sae = rescaled(weights, false);
  const above = (h: tf.Tensor, stage: number) =>
    thresholded(h, tf.reshape(tf.slice(thresholds, [stage, 0], [1, d_sae]), [d_sae]));
  return {
    architecture: 'lista_matryoshka_decreasingk',
    fields: { n_refinement_steps },
    weights: {
      ...{ W_enc, b_enc, W_dec, b_dec, thresholds },
      eta: weights.eta ?? tf.fill([n_refinement_steps], config.eta),
    },
    encode: (x) =>
      refine(tf.sub(x, b_dec), sae, stepSizes(weights, config), above).stages[n_refinement_steps],
    W_dec,
    b_dec,
  };
}
