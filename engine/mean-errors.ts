import * as tf from '@tensorflow/tfjs-core';
import { tiltedErrors } from './opencl/fused.ts';
import { currentForm } from './operation.ts';

/**
 * The mean of the squared errors |a_i - b_i|² of the rows of a and b [batch, d], in two launches. With a
 * tilt above 0 they are weighted by softmax(tilt · error / mean error), as constants for the gradient. Null
 * where no device computes it.
 */
export function meanErrorsOnDevice(a: tf.Tensor, b: tf.Tensor, tilt: number): tf.Tensor | null {
  const isMatrix = a.rank === 2 && a.size > 0 && tf.util.arraysEqual(a.shape, b.shape);
  return currentForm() === 'device' && isMatrix ? tiltedErrors(a, b, Math.max(0, tilt)) : null;
}
