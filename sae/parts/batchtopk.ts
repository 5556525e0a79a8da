import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Tensor32 } from '#contract/safetensors';
import type { BaseConfig, Buffers, InputScaling, PassInput } from '../architecture.ts';
import { batchTopKEncoder, selectByBatch, thresholdEncoder } from './batchtopk-encoders.ts';
import { initialWeights } from './init.ts';
import { linearPowers, thresholdPower } from './input-scaling.ts';
import { kAt, kBuffer, kFields } from './k-schedule.ts';
import { reductionFields } from './losses.ts';
import { initialEta, refinementFields } from './refinement.ts';
import type { Rescaled } from './rescale.ts';
import { updateThreshold } from './thresholds.ts';

/** Fields of every architecture that selects by BatchTopK. */
export const batchTopKFields = {
  ...kFields,
  ...refinementFields,
  ...reductionFields,
  /** Weight of the loss that lets dead latents learn. */
  aux_loss_coefficient: z.number().nonnegative().default(1),
  /** Measures activations in units of their decoder rows' norms (parts/rescale.ts). */
  rescale_acts_by_decoder_norm: z.boolean().default(true),
  /** Rate at which the thresholds for inference follow the selections of training. */
  topk_threshold_lr: z.number().min(0).max(1).default(0.01),
};
export type BatchTopKConfig = BaseConfig & z.infer<z.ZodObject<typeof batchTopKFields>>;
/** `eta` [n_refinement_steps] is there where step sizes are trained. */
export type BatchTopKWeights = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec' | 'eta';
/** A threshold for each selection of a pass (one more than refinement steps), and the present k. */
export type BatchTopKBuffers = 'topk_thresholds' | 'k';

/** What the architectures of the family share beside fields and forward pass; they differ in their losses. */
export const batchTopKFamily = {
  init: (config: BatchTopKConfig, random: () => number) =>
    ({ ...initialWeights(config, random), ...initialEta(config) }) as Record<BatchTopKWeights, Tensor32>,

  buffers: (config: BatchTopKConfig): Buffers<BatchTopKBuffers> => ({
    topk_thresholds: new Float64Array(config.n_refinement_steps + 1),
    k: kBuffer(config),
  }),

  inputScaling: (config: BatchTopKConfig): InputScaling<object, BatchTopKWeights | BatchTopKBuffers> => ({
    powers: { ...linearPowers, eta: 0, topk_thresholds: thresholdPower(config), k: 0 },
  }),

  batchEncoder: batchTopKEncoder,
  inferenceEncoder: thresholdEncoder,
};

/** What the forward pass of the family returns. */
export interface BatchTopKForward {
  /** The weights in units of decoder norms. */
  sae: Rescaled;
  /** Pre-activations after the last refinement step [batch, d_sae]. */
  hiddenPre: tf.Tensor;
  /** Activations [batch, d_sae]. */
  acts: tf.Tensor;
}

/** Encodes a batch in training: the step's k, selection, refinement. Updates the buffers. */
export function batchTopKForward({
  x,
  weights,
  buffers,
  config,
  step,
  trainingSteps,
}: PassInput<BatchTopKConfig, BatchTopKWeights, BatchTopKBuffers>): BatchTopKForward {
  buffers.k[0] = kAt(step, trainingSteps, config);
  const { sae, hiddenPre, stages } = selectByBatch(x, weights, buffers, config);
  for (const [stage, acts] of stages.entries()) {
    updateThreshold(buffers.topk_thresholds, stage, acts, config.topk_threshold_lr);
  }
  return { sae, hiddenPre, acts: stages[stages.length - 1] };
}
