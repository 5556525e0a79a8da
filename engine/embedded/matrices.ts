import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { sumOfCodes } from '../csr.ts';
import { compute } from '../kernel.ts';
import { currentForm } from '../operation.ts';
import * as products from '../products.ts';
import { type Csr, knownSparse, noteJoined, sparseOf, sparseTensor } from '../sparse.ts';
import type { EmbeddedBackend } from './backend.ts';
import { isFloat } from './broadcast.ts';
import type { Affine } from './dense-product.ts';
import { applyAffine, multiply } from './gemm.ts';
import { transposedProduct } from './later.ts';
import { RowProduct } from './row-product.ts';

/** Whether products make use of zeros. The plain form, the reference of the named operations, does not. */
const noticesZeros = () => currentForm() === 'kernels';

export interface Transposes {
  transposeA: boolean;
  transposeB: boolean;
}

/**
 * A product of two float32 matrices, by rows of non-zeros if one has few; null for tensors of other kinds. A
 * bias is added to its columns and a scale multiplied where `affine` has them.
 */
export function matMul(
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: Transposes,
  backend: EmbeddedBackend,
  affine?: Affine,
): TensorInfo | null {
  if (!isMatrix(a) || !isMatrix(b)) return null;
  const sparse = noticesZeros() ? sparseMatMul(a, b, { transposeA, transposeB }, backend) : null;
  if (sparse) {
    if (affine) applyAffine(backend, backend.numbers(sparse), sparse.shape[0], affine);
    return sparse;
  }
  const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const n = transposeB ? b.shape[0] : b.shape[1];
  if (m * n * k === 0) return null;
  const out = backend.make([m, n]);
  const [left, right, result] = [a, b, out].map((tensor) => backend.numbers(tensor));
  multiply(backend, left, right, result, { m, n, k, transposeA, transposeB }, affine);
  return out;
}

/**
 * The product by rows of non-zeros if an operand has few of them and the product can start from it, else
 * null.
 */
function sparseMatMul(
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: Transposes,
  backend: EmbeddedBackend,
): TensorInfo | null {
  const sparseA = sparseOf(a);
  if (sparseA) {
    const rows = transposeA ? a.shape[1] : a.shape[0];
    if (transposeA && !transposeB) return transposedProduct(backend, { codes: sparseA, parts: [b] }, rows);
    if (transposeA) return sparseProduct(sparseA, transposeA, rows, backend.transposedNumbers(b), b.shape[0]);
    return transposeB
      ? backend.makeLater([rows, b.shape[0]], new RowProduct(backend, sparseA, b))
      : sparseProduct(sparseA, transposeA, rows, backend.numbers(b), b.shape[1]);
  }
  const sparseB = transposeA && !transposeB ? sparseOf(b) : null;
  // aᵀ·b = (bᵀ·a)ᵀ, where the sparse b is the left operand.
  return sparseB && transposedProduct(backend, { codes: sparseB, parts: [a] }, b.shape[1], true);
}

function sparseProduct(csr: Csr, transposeA: boolean, rows: number, right: Float32Array, n: number): Tensor {
  return compute(
    [],
    [rows, n],
    (out) =>
      transposeA
        ? products.sumOfTransposed([{ codes: csr, parts: [right], bandOf: undefined }], rows, n, out)
        : products.sparseTimesDense(csr, right, n, [out]),
    { zeros: false },
  );
}

export function transposed(x: TensorInfo): Tensor {
  const [rows, columns] = x.shape;
  return compute([x], [columns, rows], (out, values) => products.transpose(values, rows, columns, out), {
    zeros: false,
  });
}

export const isMatrix = (x: TensorInfo): boolean => x.shape.length === 2 && isFloat(x);

/**
 * The sum of two matrices whose non-zeros are recorded, such as gradients of codes that come from two places;
 * else null.
 */
export function sparseSum(a: TensorInfo, b: TensorInfo): TensorInfo | null {
  if (!noticesZeros()) return null;
  const [x, y] = [knownSparse(a), knownSparse(b)];
  if (!x || !y || !tf.util.arraysEqual(a.shape, b.shape)) return null;
  return sparseTensor(noteJoined(sumOfCodes(x, y), x, y), a.shape[1]);
}
