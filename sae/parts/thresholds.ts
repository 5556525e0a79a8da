import * as tf from '@tensorflow/tfjs-core';
import { trackSmallest } from '#engine/tracking';

/**
 * Moves thresholds[at] by `rate` towards the smallest positive activation of a selection over a batch [batch,
 * d_sae]. At inference the threshold takes the place of the selection. Nothing changes where nothing is
 * active.
 */
export function updateThreshold(thresholds: Float64Array, at: number, acts: tf.Tensor, rate: number): void {
  trackSmallest(thresholds, at, acts, rate);
}

/** relu(h) where h > threshold, else 0. `h` [batch, d_sae]. */
export function thresholded(h: tf.Tensor, threshold: tf.Tensor | number): tf.Tensor {
  return tf.mul(tf.relu(h), tf.cast(tf.greater(h, threshold), 'float32'));
}
