import * as tf from '@tensorflow/tfjs-core';
import { embeddedBackend } from '../embedded/backend.ts';
import { errorGradients, squaredErrors as errorsOf } from '../embedded/combination.ts';
import * as plain from './plain.ts';

/** |a_i - b_i|² of every sample, [batch]; a and b [batch, d]. Plain: `tf.sum(tf.square(tf.sub(a, b)), 1)`. */
export function squaredErrors(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const backend = embeddedBackend();
  if (!backend) return plain.squaredErrors(a, b);
  const tensorOf = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info, backend);
  return tf.customGrad((left, right, save) => {
    const inputs = [left as tf.Tensor, right as tf.Tensor];
    (save as tf.GradSaveFunc)(inputs);
    return {
      value: tensorOf(errorsOf(backend, [[inputs[0], inputs[1]]])[0]),
      gradFunc: (dy: tf.Tensor, [x, y]: tf.Tensor[]) => errorGradients(backend, dy, x, y).map(tensorOf),
    };
  })(a, b);
}
