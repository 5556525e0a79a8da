import * as tf from '@tensorflow/tfjs-core';
import { csrOf } from '#engine/sparse';

/**
 * Follows the smallest activation that a selection over the batch keeps, so that at inference a fixed threshold can
 * stand in for the selection: threshold[at] moves by `rate` towards it, if anything is active.
 */
export function followThreshold(threshold: Float64Array, at: number, acts: tf.Tensor, rate: number): void {
  let smallest = Number.POSITIVE_INFINITY;
  for (const value of csrOf(acts).values) if (value > 0 && value < smallest) smallest = value;
  if (smallest < Number.POSITIVE_INFINITY) threshold[at] = (1 - rate) * threshold[at] + rate * smallest;
}

/** relu(h) where h > threshold, else 0. */
export function thresholded(h: tf.Tensor, threshold: tf.Tensor | number): tf.Tensor {
  return tf.mul(tf.relu(h), tf.cast(tf.greater(h, threshold), 'float32'));
}
