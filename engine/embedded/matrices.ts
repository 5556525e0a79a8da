import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { compute } from '../kernel.ts';
import * as products from '../products.ts';
import { type Csr, sparseOf } from '../sparse.ts';

/** The product by rows of non-zeros where an operand has few of them and the product can begin from it, else null. */
export function sparseMatMul(
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): Tensor | null {
  const sparseA = sparseOf(a);
  if (sparseA) {
    return transposeB
      ? withTransposed(b, (right) => sparseProduct(sparseA, transposeA, a, right))
      : sparseProduct(sparseA, transposeA, a, b);
  }
  const sparseB = transposeA && !transposeB ? sparseOf(b) : null;
  if (!sparseB) return null;
  // aᵀ·b = (bᵀ·a)ᵀ: the non-zeros of b lead.
  const flipped = sparseProduct(sparseB, true, b, a);
  const out = transposed(flipped);
  flipped.dispose();
  return out;
}

function sparseProduct(csr: Csr, transposeA: boolean, a: TensorInfo, b: TensorInfo): Tensor {
  const n = b.shape[1];
  const rows = transposeA ? a.shape[1] : a.shape[0];
  return compute(
    [b],
    [rows, n],
    (out, values) =>
      transposeA
        ? products.sparseTransposedTimesDense(csr, [values], n, out)
        : products.sparseTimesDense(csr, values, n, [out]),
    { zeros: false },
  );
}

export function transposed(x: TensorInfo): Tensor {
  const [rows, columns] = x.shape;
  return compute([x], [columns, rows], (out, values) => products.transpose(values, rows, columns, out), {
    zeros: false,
  });
}

export function withTransposed<T>(x: TensorInfo, use: (t: TensorInfo) => T): T {
  const flipped = transposed(x);
  const result = use(flipped);
  flipped.dispose();
  return result;
}

export const isMatrix = (x: TensorInfo): boolean => x.shape.length === 2 && x.dtype === 'float32';
