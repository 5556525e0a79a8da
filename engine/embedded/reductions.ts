import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddedBackend } from './backend.ts';
import { FLAT, isFloat, MIN_SIZE, sizeOf } from './broadcast.ts';
import { sumOfRows } from './combination.ts';

export interface Reduction {
  axis: number | number[] | null;
  keepDims: boolean;
}

/**
 * The sum over the last dimensions or over the first, divided by `count`; null if the cpu backend must
 * compute it.
 */
export function sum(
  x: TensorInfo,
  { axis, keepDims }: Reduction,
  backend: EmbeddedBackend,
  count: number,
): TensorInfo | null {
  const size = sizeOf(x);
  if (!isFloat(x) || size < MIN_SIZE) return null;
  const { shape } = x;
  const axes = tf.util.parseAxisParam(axis ?? shape.map((_, i) => i), shape);
  const isLast = axes.every((a) => a >= shape.length - axes.length);
  const isFirst = axes.every((a) => a < axes.length);
  if (!isLast && !isFirst) return null;
  if (isFirst && axes.length === 1 && shape.length === 2 && !keepDims && count === 1) {
    const all = sumOfRows(backend, x);
    if (all) return all;
  }
  const kept = keepDims
    ? shape.map((n, i) => (axes.includes(i) ? 1 : n))
    : shape.filter((_, i) => !axes.includes(i));
  const out = backend.make(kept);
  const [from, to] = [x, out].map((tensor) => backend.numbers(tensor));
  if (axes.length === shape.length) to[0] = total('sumOfRows', from, backend);
  else {
    const others = to.length;
    const n = size / others;
    if (isLast) backend.pool.run('sumOfRows', others, n, from.byteOffset, size, n, to.byteOffset);
    else
      backend.pool.run(
        'sumColumns',
        Math.ceil(others / 64),
        64 * n,
        from.byteOffset,
        n,
        others,
        to.byteOffset,
      );
  }
  if (count !== 1) for (let i = 0; i < to.length; i++) to[i] /= count;
  return out;
}

/**
 * The sum of all numbers (`sumOfRows`) or of their squares (`squaresOfRows`), computed by blocks, so that it
 * is the same on any number of threads.
 */
export function total(
  kernel: 'sumOfRows' | 'squaresOfRows',
  values: Float32Array,
  { pool, heap }: EmbeddedBackend,
): number {
  const blocks = Math.ceil(values.length / FLAT);
  const sums = heap.allocate(4 * blocks);
  pool.run(kernel, blocks, FLAT, values.byteOffset, values.length, FLAT, sums);
  let result = 0;
  for (const part of heap.floats(sums, blocks)) result += part;
  heap.release(sums);
  return result;
}
