import * as tf from '@tensorflow/tfjs-core';
import { embeddedBackend } from '../embedded/backend.ts';
import { numbers } from '../kernel.ts';
import { type Csr, knownSparse, sparseTensor } from '../sparse.ts';
import * as plain from './plain.ts';

/**
 * Pre-activations `(x·W + b) · scale`: x [batch, d_in], W [d_in, d_sae], b and scale [d_sae] or none. If the
 * incoming gradient is that of a selection, only its non-zeros are processed. Plain:
 * `tf.mul(tf.add(tf.matMul(x, W), b), scale)`.
 */
export function encode(
  x: tf.Tensor,
  W: tf.Tensor,
  b?: tf.Tensor | null,
  scale?: tf.Tensor | null,
): tf.Tensor {
  const backend = embeddedBackend();
  if (!backend) return plain.encode(x, W, b, scale);
  const inputs = [x, W, ...(b ? [b] : []), ...(scale ? [scale] : [])];
  return tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const [left, right] = args as tf.Tensor[];
    const value = tf.matMul(left, right);
    const [rows, columns] = value.shape;
    if (b || scale) {
      const [h, bias, factors] = [value, b, scale].map((t) => (t ? numbers(t).byteOffset : 0));
      // In place is safe: no other code has the product yet.
      backend.pool.run('affine', rows, columns, h, bias, factors, columns, h);
    }
    save([...(args as tf.Tensor[]), value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const h = saved[saved.length - 1];
      const codes = knownSparse(dy);
      const factors = scale ? saved[saved.length - 2] : null;
      const inner = !factors ? dy : codes ? scaled(codes, factors) : tf.mul(dy, factors);
      return [
        tf.matMul(inner, saved[1], false, true),
        tf.matMul(saved[0], inner, true, false),
        ...(b ? [codes ? columnSums(knownSparse(inner) as Csr, columns) : tf.sum(inner, 0)] : []),
        // The value before scaling is h / scale.
        ...(factors
          ? [tf.div(codes ? columnSums(codes, columns, h) : tf.sum(tf.mul(dy, h), 0), factors)]
          : []),
      ];
    };
    return { value, gradFunc };
  })(...inputs);
}

function scaled(codes: Csr, factors: tf.Tensor): tf.Tensor {
  const byColumn = numbers(factors);
  const values = codes.values.map((value, at) => value * byColumn[codes.indices[at]]);
  return sparseTensor({ ...codes, values }, factors.size);
}

/** Column sums Σ_i a[i, j], or Σ_i a[i, j] · h[i, j] if h is given, of a matrix in rows of non-zeros. */
function columnSums(a: Csr, columns: number, h?: tf.Tensor): tf.Tensor {
  const weights = h ? numbers(h) : null;
  const sums = new Float32Array(columns);
  for (let row = 0; row < a.rows; row++) {
    for (let at = a.offsets[row]; at < a.offsets[row + 1]; at++) {
      const column = a.indices[at];
      sums[column] += a.values[at] * (weights ? weights[row * columns + column] : 1);
    }
  }
  return tf.tensor1d(sums);
}
