import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { SparseCodes } from '#contract/codes';
import type { EmbeddedBackend, Later } from './backend.ts';
import { hold, letGo, presentOf } from './holding.ts';
import { sparseTimesDense } from './products.ts';
import { isForStrips, sumByStrips } from './strips.ts';

/**
 * A product codes·Wᵀ, which is computed when its numbers are first read. Of the gradient of an encoder's
 * input only the sum over the rows may be wanted, by a bias: that is (the sum over the codes' rows)·Wᵀ.
 */
export class RowProduct implements Later {
  private readonly W: TensorInfo;

  constructor(
    private readonly backend: EmbeddedBackend,
    private readonly codes: SparseCodes,
    W: TensorInfo,
  ) {
    this.W = presentOf(W);
    hold(backend, [this.W]);
  }

  get shape(): number[] {
    return [this.codes.rows, this.W.shape[0]];
  }

  /** Whether reading W once takes less time than a row of it for each non-zero. */
  get isShortBySums(): boolean {
    return this.codes.indices.length >= this.W.shape[1];
  }

  compute(out: Float32Array): void {
    const { backend, codes, W } = this;
    const [n, columns] = W.shape;
    if (isForStrips(backend.pool, columns, n, codes.indices.length)) {
      sumByStrips(backend, codes, backend.numbers(W), n, out, true);
      return;
    }
    // The transpose of weights is wanted again by the next encode's gradient.
    sparseTimesDense(backend, codes, backend.transposedNumbers(W), n, [out], undefined);
  }

  /** Adds the sum over its rows, times a number. */
  addSum(out: Float32Array, factor: number): void {
    const { backend, codes, W } = this;
    const { heap, pool } = backend;
    const [n, columns] = W.shape;
    const sums = new Float64Array(columns);
    for (let at = 0; at < codes.indices.length; at++) sums[codes.indices[at]] += codes.values[at];
    const block = heap.allocate(4 * (columns + n));
    heap.floats(block, columns).set(sums);
    const to = block + 4 * columns;
    pool.run('rowDots', n, columns, backend.numbers(W).byteOffset, block, columns, to);
    const dots = heap.floats(to, n);
    for (let j = 0; j < n; j++) out[j] += factor * dots[j];
    heap.release(block);
  }

  release(): void {
    letGo(this.backend, [this.W]);
  }
}

/** The product that a tensor of this shape is to become; null of any other tensor. */
export function unreadProduct(
  backend: EmbeddedBackend,
  tensor: TensorInfo,
  shape: readonly number[],
): RowProduct | null {
  const later = backend.laterOf(tensor);
  return later instanceof RowProduct && tf.util.arraysEqual(later.shape, shape as number[]) ? later : null;
}
