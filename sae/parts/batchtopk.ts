import type * as tf from '@tensorflow/tfjs-core';
import type { Tensor32 } from '#contract/safetensors';
import type { Buffers, InputScaling, PassInput } from '../architecture.ts';
import type { BatchTopKBuffers, BatchTopKConfig, BatchTopKWeights } from './batchtopk-config.ts';
import { batchTopKEncoder, selectByBatch, thresholdEncoder } from './batchtopk-encoders.ts';
import { initialWeights } from './init.ts';
import { linearPowers, thresholdPower } from './input-scaling.ts';
import { kBuffer, kOfPass } from './k-schedule.ts';
import { initialEta } from './refinement.ts';
import type { Rescaled } from './rescale.ts';
import { updateThresholds } from './thresholds.ts';

export {
  type BatchTopKBuffers,
  type BatchTopKWeights,
  batchTopKFields,
} from './batchtopk-config.ts';

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
export function batchTopKForward(
  pass: PassInput<BatchTopKConfig, BatchTopKWeights, BatchTopKBuffers>,
): BatchTopKForward {
  const { x, weights, buffers, config } = pass;
  const k = kOfPass(pass, config);
  const { sae, hiddenPre, stages } = selectByBatch(x, weights, k, config);
  updateThresholds(buffers.topk_thresholds, stages, config.topk_threshold_lr);
  return { sae, hiddenPre, acts: stages[stages.length - 1] };
}
