import * as tf from '@tensorflow/tfjs-core';

/**
 * How kernels of two operands walk over them: rows of n numbers, as in kernels/elementwise.as. Strides are in
 * numbers, not bytes.
 */
export interface Walk {
  shape: number[];
  size: number;
  n: number;
  a: Operand;
  b: Operand;
}

interface Operand {
  /** Stride from one row to the next; 0 if all rows read the same numbers. */
  row: number;
  /** Whether it has n numbers per row; otherwise one. */
  wide: boolean;
}

/** Smaller results are computed by the cpu backend's functions, so that their numbers need not be moved. */
export const MIN_SIZE = 64;

export const sizeOf = (x: tf.TensorInfo): number => tf.util.sizeFromShape(x.shape);
export const isFloat = (x: tf.TensorInfo): boolean => x.dtype === 'float32';

/** Row length for tensors whose shape does not matter. */
export const FLAT = 4096;

/**
 * The walk over two tensors of equal shapes, or with a scalar, a row or a column; null for any other
 * broadcast.
 */
export function walkOf(aShape: number[], bShape: number[]): Walk | null {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(aShape, bShape);
  const size = tf.util.sizeFromShape(shape);
  const [aSize, bSize] = [aShape, bShape].map((s) => tf.util.sizeFromShape(s));
  const isFlat = (own: number) => own === size || own === 1;
  if (isFlat(aSize) && isFlat(bSize)) {
    const flat = (own: number): Operand =>
      own === size ? { row: FLAT, wide: true } : { row: 0, wide: false };
    return { shape, size, n: FLAT, a: flat(aSize), b: flat(bSize) };
  }
  const n = shape[shape.length - 1];
  const a = operand(aShape, aSize, size, n);
  const b = operand(bShape, bSize, size, n);
  return a && b && n > 1 && (a.wide || b.wide) ? { shape, size, n, a, b } : null;
}

function operand(shape: number[], own: number, size: number, n: number): Operand | null {
  const last = shape[shape.length - 1];
  if (own === size) return { row: n, wide: true };
  if (own === 1) return { row: 0, wide: false };
  if (own === n && last === n) return { row: 0, wide: true };
  return last === 1 && own * n === size ? { row: 1, wide: false } : null;
}
