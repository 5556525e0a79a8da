import * as tf from '@tensorflow/tfjs-core';
import { trackSmallest } from '#engine/tracking';

/**
 * Moves each threshold by `rate` towards the smallest positive activation of its stage over a batch [batch,
 * d_sae]. At inference the threshold takes the place of the selection. Nothing changes where nothing is
 * active.
 */
export function updateThresholds(thresholds: Float64Array, stages: readonly tf.Tensor[], rate: number): void {
  trackSmallest(thresholds, stages, rate);
}

/** relu(h) where h > threshold, else 0. `h` [batch, d_sae]. */
export function thresholded(h: tf.Tensor, threshold: tf.Tensor | number): tf.Tensor {
  return tf.mul(tf.relu(h), tf.cast(tf.greater(h, threshold), 'float32'));
}
