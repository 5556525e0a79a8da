import * as tf from '@tensorflow/tfjs-core';
import { numbers } from '../kernel.ts';
import { dotsAt } from '../products.ts';
import { sparseOf, sparseTensor } from '../sparse.ts';

/**
 * Reconstruction `z·W`: codes z [batch, d_sae], W [d_sae, d_in]. The value and the gradient of W are those of
 * `tf.matMul(z, W)`. The gradient of a sparse z is computed only where z is not zero: right for codes whose
 * zeros have no gradient (topK, batchTopK, relu). If zeros have a gradient, as with JumpReLU's threshold, use
 * tf.matMul.
 */
export function decode(z: tf.Tensor, W: tf.Tensor): tf.Tensor {
  return tf.customGrad((codes, decoder, save) => {
    const [c, d] = [codes as tf.Tensor, decoder as tf.Tensor];
    (save as tf.GradSaveFunc)([c, d]);
    return {
      value: tf.matMul(c, d),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => codesAndDecoderGradients(dy, saved[0], saved[1]),
    };
  })(z, W);
}

function codesAndDecoderGradients(dy: tf.Tensor, z: tf.Tensor, W: tf.Tensor): tf.Tensor[] {
  const dW = tf.matMul(z, dy, true, false);
  const pattern = sparseOf(z);
  if (!pattern) return [tf.matMul(dy, W, false, true), dW];
  const [columns, n] = W.shape;
  const values = dotsAt(pattern, [numbers(dy)], numbers(W), n);
  return [sparseTensor({ ...pattern, values }, columns), dW];
}
