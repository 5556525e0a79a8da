import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddedBackend } from './backend.ts';
import { FLAT } from './broadcast.ts';

/** The numbers of one Adam step that are the same for all weights; factor multiplies the gradient first. */
export interface Update {
  factor: number;
  beta1: number;
  beta2: number;
  rate: number;
  correction: number;
  epsilon: number;
}

/**
 * One fused Adam step: updates the moments in place and returns the new weights. All arrays lie in the
 * backend's memory.
 */
export function adamStep(
  backend: EmbeddedBackend,
  weights: tf.Tensor,
  gradient: tf.Tensor,
  { first, second }: { first: Float32Array; second: Float32Array },
  { factor, beta1, beta2, rate, correction, epsilon }: Update,
): tf.Tensor {
  const out = backend.make(weights.shape);
  const arrays = [backend.numbers(weights), backend.numbers(gradient), first, second, backend.numbers(out)];
  const pointers = arrays.map((array) => array.byteOffset);
  const { size } = weights;
  const rests = [1 - beta1, 1 - beta2];
  const numbers = [factor, beta1, beta2, ...rests, rate, correction, epsilon];
  backend.pool.run('adam', Math.ceil(size / FLAT), FLAT, ...pointers, size, FLAT, ...numbers);
  return tf.engine().makeTensorFromTensorInfo(out, backend);
}
