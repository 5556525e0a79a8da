import * as tf from '@tensorflow/tfjs-core';
import { gather } from '../csr.ts';
import { type EmbeddedBackend, embeddedBackend } from '../embedded/backend.ts';
import { applyAffine } from '../embedded/gemm.ts';
import { isMatrix, matMul } from '../embedded/matrices.ts';
import { affineOf, type Operands } from '../embedded/prefilter.ts';
import { prefilteredProduct } from '../embedded/prefiltered-product.ts';
import { columnGradients } from '../embedded/products.ts';
import { numbers } from '../kernel.ts';
import { type Csr, knownSparse, selectedOf, sparseOf, sparseTensor } from '../sparse.ts';
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
    const value = product(backend, { x: left, W: right, bias: b ?? null, scale: scale ?? null });
    save([...(args as tf.Tensor[]), value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const h = saved[saved.length - 1];
      const factors = scale ? saved[saved.length - 2] : null;
      const codes = knownSparse(dy);
      const { inner, db, dscale } = codes
        ? sparseGradients(backend, codes, h, factors)
        : denseGradients(dy, h, factors);
      return [
        tf.matMul(inner, saved[1], false, true),
        tf.matMul(saved[0], inner, true, false),
        ...(b ? [db()] : []),
        ...(scale ? [dscale()] : []),
      ];
    };
    return { value, gradFunc };
  })(...inputs);
}

function product(backend: EmbeddedBackend, operands: Operands): tf.Tensor {
  const { x, W } = operands;
  const prefiltered =
    isMatrix(x) && isMatrix(W) && !sparseOf(x) ? prefilteredProduct(backend, operands) : null;
  if (prefiltered) return tf.engine().makeTensorFromTensorInfo(prefiltered, backend);
  const affine = affineOf(backend, operands);
  const own = matMul(x, W, { transposeA: false, transposeB: false }, backend, affine);
  if (own) return tf.engine().makeTensorFromTensorInfo(own, backend);
  const value = tf.matMul(x as tf.Tensor, W as tf.Tensor);
  applyAffine(backend, numbers(value), value.shape[0], affine);
  return value;
}

/** The gradient of the product alone, and those of bias and scale. */
interface Parts {
  inner: tf.Tensor;
  db(): tf.Tensor;
  dscale(): tf.Tensor;
}

function denseGradients(dy: tf.Tensor, h: tf.Tensor, factors: tf.Tensor | null): Parts {
  const inner = factors ? tf.mul(dy, factors) : dy;
  return {
    inner,
    db: () => tf.sum(inner, 0),
    // The value before scaling is h / scale.
    dscale: () => tf.div(tf.sum(tf.mul(dy, h), 0), factors as tf.Tensor),
  };
}

function sparseGradients(
  backend: EmbeddedBackend,
  codes: Csr,
  h: tf.Tensor,
  factors: tf.Tensor | null,
): Parts {
  const columns = h.shape[1] as number;
  const at = factors ? (selectedOf(h, codes) ?? gather(codes, columns, numbers(h))) : null;
  const scale = factors && numbers(factors);
  const { scaled, sums, weighted } = columnGradients(backend, codes, at, scale, columns);
  return {
    inner: sparseTensor({ ...codes, values: scaled }, columns),
    db: () => tf.tensor1d(sums),
    dscale: () => tf.tensor1d(weighted),
  };
}
