import * as tf from '@tensorflow/tfjs-core';

/** |W_i| of every row, [rows]. Plain, as it stands: `tf.sqrt(tf.sum(tf.square(W), 1))`. */
export function rowNorms(W: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.sum(tf.square(W), 1));
}
