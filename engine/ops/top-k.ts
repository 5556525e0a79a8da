import * as tf from '@tensorflow/tfjs-core';
import { gather } from '../csr.ts';
import { numbers } from '../kernel.ts';
import { selectLargestOfRows } from '../select.ts';
import { selectAboveOf, selectLargestAmongOf, selectLargestOf } from '../select-prefiltered.ts';
import { type Csr, knownSparse, noteSelection, sparseTensor } from '../sparse.ts';

/**
 * Keeps the int(k·batch) largest positive pre-activations of the whole batch, the rest become 0. k may be a
 * fraction. Plain: `tf.mul(h, mask)` with the selection as a constant 0/1 mask. Source: Bussmann et al. 2024,
 * "BatchTopK Sparse Autoencoders", arXiv 2412.06410.
 */
export function batchTopK(h: tf.Tensor, k: number): tf.Tensor {
  const count = Math.min(h.size, Math.floor(k * h.shape[0]));
  return keep(h, (matrix) => selectLargestOf(matrix, count));
}

/**
 * Keeps the k largest positive pre-activations of each sample.
 * Plain: `tf.mul(h, mask)` with the selection as a constant 0/1 mask.
 * Source: Gao et al. 2024, "Scaling and evaluating sparse autoencoders", arXiv 2406.04093.
 */
export function topK(h: tf.Tensor, k: number): tf.Tensor {
  return keep(h, (matrix) => selectLargestOfRows(numbers(matrix), matrix.shape[0], Math.floor(k)));
}

/**
 * Keeps of each sample the k largest pre-activations, negative ones too, among the latents that `among` marks
 * with 1. Plain: `tf.mul(h, mask)` with the selection as a constant 0/1 mask.
 */
export function largestAmong(h: tf.Tensor, k: number, among: Uint8Array): tf.Tensor {
  return keep(h, (matrix) => selectLargestAmongOf(matrix, k, among));
}

/**
 * Keeps the positive pre-activations above the threshold of their latent. h [batch, d_sae], theta [d_sae]; no
 * gradient to theta. Plain: `tf.mul(h, mask)` with the 0/1 mask `h > max(theta, 0)`.
 */
export function thresholded(h: tf.Tensor, theta: tf.Tensor): tf.Tensor {
  const thresholds = Float32Array.from(numbers(theta));
  return keep(h, (matrix) => selectAboveOf(matrix, thresholds));
}

function keep(h: tf.Tensor, select: (matrix: tf.Tensor2D) => Csr): tf.Tensor {
  const [, columns] = h.shape;
  return tf.customGrad((x) => {
    const values = x as tf.Tensor;
    const pattern = noteSelection(values, select(values as tf.Tensor2D));
    return {
      value: sparseTensor(pattern, columns),
      gradFunc: (dy: tf.Tensor) => {
        const gradient = knownSparse(dy);
        // Usually the gradient of a decode, which has the same pattern.
        const values =
          gradient?.indices === pattern.indices ? gradient.values : gather(pattern, columns, numbers(dy));
        return sparseTensor({ ...pattern, values }, columns);
      },
    };
  })(h);
}
