import type * as tf from '@tensorflow/tfjs-core';
import { trackSmallest } from '#engine/tracking';

/**
 * Moves each threshold by `rate` towards the smallest positive activation of its stage over a batch [batch,
 * d_sae]. At inference the threshold takes the place of the selection. Nothing changes where nothing is
 * active.
 */
export function updateThresholds(thresholds: Float64Array, stages: readonly tf.Tensor[], rate: number): void {
  trackSmallest(thresholds, stages, rate);
}
