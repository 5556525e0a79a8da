import * as tf from '@tensorflow/tfjs-core';

/**
 * Pre-activations `x·W + b`: x [batch, d_in], W [d_in, d_sae], b [d_sae] or none.
 * Plain: `tf.add(tf.matMul(x, W), b)`.
 */
export function encode(x: tf.Tensor, W: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const product = tf.matMul(x, W);
  return b ? tf.add(product, b) : product;
}
