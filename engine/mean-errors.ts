import * as tf from '@tensorflow/tfjs-core';
import { type EmbeddedBackend, embeddedBackend } from './embedded/backend.ts';
import { errorGradients, squaredErrors } from './embedded/combination.ts';
import { compute, numbers } from './kernel.ts';
import { tiltedErrors } from './opencl/fused.ts';
import { currentForm } from './operation.ts';

/**
 * For each a, the mean of the squared errors |a_i - b_i|² of the rows of a and b [batch, d], as an operation.
 * With a tilt above 0 they are weighted by softmax(tilt · error / mean error), as constants for the gradient.
 * Null where it must be composed of others: of the squared errors, and a softmax.
 */
export function meanErrors(all: readonly tf.Tensor[], b: tf.Tensor, tilt: number): tf.Tensor[] | null {
  const fits = (a: tf.Tensor) => a.rank === 2 && a.size > 0 && tf.util.arraysEqual(a.shape, b.shape);
  if (all.length === 0 || !all.every(fits) || currentForm() === 'plain') return null;
  if (currentForm() === 'device') return all.map((a) => tiltedErrors(a, b, Math.max(0, tilt)));
  const backend = embeddedBackend();
  if (!backend) return null;
  const pairs = all.map((a) => [a, b] as const);
  const errors = squaredErrors(backend, pairs);
  return errors.map((own, i) => weightedErrors(backend, ...pairs[i], own, tilt));
}

/** Of these squared errors, which it disposes of. */
function weightedErrors(
  backend: EmbeddedBackend,
  a: tf.Tensor,
  b: tf.Tensor,
  errors: tf.TensorInfo,
  tilt: number,
): tf.Tensor {
  return tf.customGrad((left, right, save) => {
    const inputs = [left as tf.Tensor, right as tf.Tensor];
    (save as tf.GradSaveFunc)(inputs);
    const values = backend.numbers(errors);
    const weights = tilt > 0 ? tilted(values, tilt) : new Float32Array(values.length).fill(1 / values.length);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += weights[i] * values[i];
    backend.disposeIntermediateTensorInfo(errors);
    return {
      value: tf.scalar(sum),
      gradFunc(dy: tf.Tensor, [x, y]: tf.Tensor[]) {
        const [factor] = numbers(dy);
        const own = compute([], [weights.length], (out) => {
          for (let i = 0; i < out.length; i++) out[i] = factor * weights[i];
        });
        const gradients = errorGradients(backend, own, x, y);
        return gradients.map((info) => tf.engine().makeTensorFromTensorInfo(info, backend));
      },
    };
  })(a, b);
}

/** softmax(tilt · error / mean error). */
function tilted(errors: Float32Array, tilt: number): Float32Array {
  let total = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (const error of errors) {
    total += error;
    most = Math.max(most, error);
  }
  const scale = (tilt * errors.length) / total;
  const weights = new Float32Array(errors.length);
  let sum = 0;
  for (let i = 0; i < errors.length; i++) {
    weights[i] = Math.exp(scale * (errors[i] - most));
    sum += weights[i];
  }
  for (let i = 0; i < errors.length; i++) weights[i] /= sum;
  return weights;
}
