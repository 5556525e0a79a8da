import * as tf from '@tensorflow/tfjs-core';
import { numbers } from '../kernel.ts';
import { selectLargest, selectLargestOfRows } from '../select.ts';
import { markLargest } from '../select-among.ts';
import { type Csr, remember } from '../sparse.ts';

/*
 * The named operations in plain tfjs. They define the operations, and they run if the numbers lie on a
 * device, where dense products are cheap. Only the selections read numbers: they read the pre-activations and
 * write a mask.
 */

export function encode(
  x: tf.Tensor,
  W: tf.Tensor,
  b?: tf.Tensor | null,
  scale?: tf.Tensor | null,
): tf.Tensor {
  // Scaling the weights gives the same result and is cheaper: they have fewer numbers than the product.
  const product = tf.matMul(x, scale ? tf.mul(W, scale) : W);
  if (!b) return product;
  return tf.add(product, scale ? tf.mul(b, scale) : b);
}

export function unitRows(W: tf.Tensor): { rows: tf.Tensor; norms: tf.Tensor } {
  const norms = tf.maximum(tf.sqrt(tf.sum(tf.square(W), 1)), 1e-8);
  return { rows: tf.div(W, tf.expandDims(norms, 1)), norms };
}

export function batchTopK(h: tf.Tensor, k: number): tf.Tensor {
  const [rows] = h.shape;
  const count = Math.min(h.size, Math.floor(k * rows));
  return masked(h, selectLargest(numbers(h), rows, count));
}

export function topK(h: tf.Tensor, k: number): tf.Tensor {
  return masked(h, selectLargestOfRows(numbers(h), h.shape[0], Math.floor(k)));
}

/**
 * Sets all but the kept numbers to 0. Records the kept positions, so that the result is not scanned for them.
 */
function masked(h: tf.Tensor, kept: Csr): tf.Tensor {
  const columns = h.shape[1] as number;
  const mask = new Float32Array(h.size);
  for (let row = 0; row < kept.rows; row++) {
    for (let at = kept.offsets[row]; at < kept.offsets[row + 1]; at++)
      mask[row * columns + kept.indices[at]] = 1;
  }
  return remember(tf.mul(h, tf.tensor(mask, h.shape)), kept);
}

export function largestAmong(h: tf.Tensor, k: number, among: Uint8Array): tf.Tensor {
  return tf.mul(h, tf.tensor(markLargest(numbers(h), h.shape[0], k, among), h.shape));
}

export function decode(z: tf.Tensor, W: tf.Tensor): tf.Tensor {
  return tf.matMul(z, W);
}

export function decodeBands(z: tf.Tensor, W: tf.Tensor, bandOf: Uint8Array, bands: number): tf.Tensor[] {
  return Array.from({ length: bands }, (_, band) => {
    const rows = Float32Array.from(bandOf, (b) => (b === band ? 1 : 0));
    return tf.matMul(z, tf.mul(W, tf.tensor(rows, [rows.length, 1])));
  });
}

export function squaredErrors(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sum(tf.square(tf.sub(a, b)), 1);
}

export function detach(x: tf.Tensor): tf.Tensor {
  const backend = tf.backend();
  // A kernel that is called directly, not through tf.engine(), is not on the tape.
  const { kernelFunc } = tf.getKernel('Identity', tf.getBackend());
  const info = kernelFunc({ inputs: { x }, backend, attrs: {} }) as tf.TensorInfo;
  return tf.engine().makeTensorFromTensorInfo(info, backend);
}

export function jumpRelu(h: tf.Tensor, theta: tf.Tensor, bandwidth: number): tf.Tensor {
  return tf.customGrad((x, threshold, save) => {
    const [a, t] = [x as tf.Tensor, threshold as tf.Tensor];
    (save as tf.GradSaveFunc)([a, t]);
    return {
      value: tf.mul(a, above(a, t)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        tf.mul(dy, above(saved[0], saved[1])),
        tf.mul(edges(dy, saved, bandwidth), saved[1]),
      ],
    };
  })(h, theta);
}

export function stepCount(h: tf.Tensor, theta: tf.Tensor, bandwidth: number): tf.Tensor {
  return tf.customGrad((x, threshold, save) => {
    const [a, t] = [x as tf.Tensor, threshold as tf.Tensor];
    (save as tf.GradSaveFunc)([a, t]);
    return {
      value: above(a, t),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [tf.zerosLike(dy), edges(dy, saved, bandwidth)],
    };
  })(h, theta);
}

export function thresholded(h: tf.Tensor, theta: tf.Tensor): tf.Tensor {
  return tf.mul(h, above(h, tf.relu(theta)));
}

const above = (h: tf.Tensor, theta: tf.Tensor): tf.Tensor => tf.cast(tf.greater(h, theta), 'float32');

/** -Σ dy / bandwidth over the samples within half a bandwidth of the threshold. */
function edges(dy: tf.Tensor, [h, theta]: tf.Tensor[], bandwidth: number): tf.Tensor {
  const near = tf.less(tf.abs(tf.div(tf.sub(h, theta), bandwidth)), 0.5);
  return tf.div(tf.sum(tf.mul(dy, tf.cast(near, 'float32')), 0), -bandwidth);
}
