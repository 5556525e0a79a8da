import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddedBackend, Later } from './backend.ts';
import { columnsOf } from './combination-kernels.ts';
import { hold, letGo } from './holding.ts';
import { heldBy, type Sum, sumOf } from './linear-sum.ts';
import { type RowProduct, unreadProduct } from './row-product.ts';

/**
 * The sum over the rows of a linear combination, which is computed when it is first read. The gradient of a
 * bias is a sum of several: they become one pass.
 */
class RowSums implements Later {
  constructor(
    private readonly backend: EmbeddedBackend,
    readonly sum: Sum,
    /** Of the combination. */
    readonly shape: readonly number[],
  ) {
    hold(backend, heldBy(sum));
  }

  compute(out: Float32Array): void {
    const { backend, sum, shape } = this;
    const { rest, products } = apart(backend, sum, shape);
    if (rest.operands.length > 0) columnsOf(backend, rest, shape, out);
    else out.fill(0);
    for (const [product, factor] of products) product.addSum(out, factor);
  }

  release(): void {
    letGo(this.backend, heldBy(this.sum));
  }
}

/** The products that are not yet computed, each with its factor where that is the same in all rows. */
function apart(backend: EmbeddedBackend, sum: Sum, shape: readonly number[]) {
  const { operands, weights, constants } = sum;
  const products: [RowProduct, number][] = [];
  const kept: number[] = [];
  for (const [t, operand] of operands.entries()) {
    const product = unreadProduct(backend, operand, shape);
    const own = constants.slice(t * weights.length, (t + 1) * weights.length);
    const isPlain = own.every((constant, g) => constant === 0 || weights[g] === null);
    if (product?.isShortBySums && isPlain)
      products.push([product, own.reduce((total, constant) => total + constant, 0)]);
    else kept.push(t);
  }
  const rest: Sum = {
    operands: kept.map((t) => operands[t]),
    weights,
    constants: kept.flatMap((t) => constants.slice(t * weights.length, (t + 1) * weights.length)),
  };
  return { rest, products };
}

/** The sum over the rows of a combination of this shape: [n]. */
export const rowSums = (backend: EmbeddedBackend, sum: Sum, shape: readonly number[]): TensorInfo =>
  backend.makeLater([shape[1]], new RowSums(backend, sum, shape));

/** The sum of two such tensors that were not read yet; else null. */
export function sumOfRowSums(
  a: TensorInfo,
  b: TensorInfo,
  backend: EmbeddedBackend,
  mostOperands: number,
): TensorInfo | null {
  const [x, y] = [a, b].map((tensor) => {
    const later = tensor.shape.length === 1 && backend.laterOf(tensor);
    return later instanceof RowSums ? later : null;
  });
  if (!x || !y || !tf.util.arraysEqual(x.shape as number[], y.shape as number[])) return null;
  const sum = sumOf([
    [x.sum, 1],
    [y.sum, 1],
  ]);
  return sum.operands.length > mostOperands ? null : rowSums(backend, sum, x.shape);
}
