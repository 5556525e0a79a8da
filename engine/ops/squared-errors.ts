import * as tf from '@tensorflow/tfjs-core';

/** |a_i - b_i|² of every sample, [batch]. Plain: `tf.sum(tf.square(tf.sub(a, b)), 1)`. */
export function squaredErrors(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sum(tf.square(tf.sub(a, b)), 1);
}
