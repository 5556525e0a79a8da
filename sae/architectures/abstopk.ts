import * as tf from '@tensorflow/tfjs-core';
import { topK } from '#engine/ops';
import { topKOf } from './topk.ts';

export default topKOf({
  architecture: 'abstopk',
  summary: 'AbsTopK: the k largest in magnitude, which keep their signs (arXiv 2510.00404)',
  largest(h, k) {
    const signs = signsOf(h);
    return tf.mul(topK(tf.mul(h, signs), k), signs);
  },
  signsOf,
});

/** 1 or -1 for each number, a constant for the gradient. */
function signsOf(h: tf.Tensor): tf.Tensor {
  return tf.sub(tf.mul(tf.cast(tf.greater(h, 0), 'float32'), 2), 1);
}
