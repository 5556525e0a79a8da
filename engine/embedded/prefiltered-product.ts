import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { SparseCodes } from '#contract/codes';
import type { EmbeddedBackend, Later } from './backend.ts';
import { withCopies } from './copies.ts';
import { multiply } from './gemm.ts';
import { hold, letGo, presentOf } from './holding.ts';
import { affineOf, isForPrefilter, type Operands, Prefilter } from './prefilter.ts';
import { guessBelow, largestAbove, rowsToGuessBy } from './scan.ts';

/**
 * Numbers that may exceed the bound, for each that a selection takes, and at least: with more, the whole
 * product takes less time.
 */
const CANDIDATES = 8;
const LEAST_CANDIDATES = 1024;
/** The same where it is not known how many it takes: this share of all. */
const MANY = 16;

/**
 * Pre-activations (x·W + bias)·scale that are computed as a whole only when their numbers are read: a
 * selection needs few of them, and finds those by prefiltering.
 */
export class PrefilteredProduct implements Later {
  readonly operands: Operands;
  private prefiltering: Prefilter | null = null;

  /**
   * Reads the operands, as the whole product would: what follows a matrix that was read has other last bits
   * than what follows one that was not.
   */
  constructor(
    private readonly backend: EmbeddedBackend,
    { x, W, bias, scale }: Operands,
  ) {
    this.operands = {
      x: presentOf(x),
      W: presentOf(W),
      bias: bias && presentOf(bias),
      scale: scale && presentOf(scale),
    };
    const operands = held(this.operands);
    for (const operand of operands) backend.numbers(operand);
    hold(backend, operands);
  }

  get shape(): [rows: number, columns: number] {
    return [this.operands.x.shape[0], this.operands.W.shape[1]];
  }

  compute(out: Float32Array): void {
    multiplyRows(this.backend, this.operands, this.shape[0], out);
  }

  /**
   * The `count` largest of the numbers that are greater than `least`, or NaN, as `largestAbove` of scan.ts
   * has them; null if fewer are, or too many may be.
   */
  largestAbove(count: number, least: number): SparseCodes | null {
    const [rows] = this.shape;
    const finder = this.prefiltered().finder(CANDIDATES * count + LEAST_CANDIDATES);
    return largestAbove(this.backend, finder, { rows, count, least, limit: finder.size });
  }

  /** A number that probably at least `count` exceed, by the first rows; 0 if they say none. */
  guessBelow(count: number): number {
    const { heap } = this.backend;
    const [rows, columns] = this.shape;
    const first = rowsToGuessBy(rows);
    if (first === 0) return 0;
    const pointer = heap.allocate(4 * first * columns);
    const values = heap.floats(pointer, first * columns);
    multiplyRows(this.backend, this.operands, first, values);
    const guess = guessBelow(this.backend, values, rows, count);
    heap.release(pointer);
    return guess;
  }

  /**
   * The numbers that are greater than the threshold of their column, which is not negative, or NaN, and some
   * that are not; null if too many may be.
   */
  above(thresholds: Float32Array): SparseCodes | null {
    const { backend } = this;
    const [rows, columns] = this.shape;
    let codes: SparseCodes | null = null;
    withCopies(backend.heap, [], [thresholds], (bounds) => {
      const finder = this.prefiltered().finder((rows * columns) / MANY, bounds);
      const wanted = { rows, count: finder.size, least: thresholds.reduce((a, b) => Math.min(a, b)) };
      codes = largestAbove(backend, finder, { ...wanted, limit: finder.size, fewer: true });
    });
    return codes;
  }

  /** Calls `use` with the numbers of these columns [rows, columns], which it must not keep. */
  withColumns<T>(columns: Uint32Array, use: (values: Float32Array) => T): T {
    const { backend, operands } = this;
    const { heap } = backend;
    const [k, count] = [operands.W.shape[0], columns.length];
    const [rows] = this.shape;
    const lines = backend.transposedNumbers(operands.W);
    const sizes = [count * k, count, count, rows * count];
    const pointers = sizes.map((size) => heap.allocate(4 * size));
    const [W, bias, scale, out] = pointers.map((pointer, i) => heap.floats(pointer, sizes[i]));
    for (const [i, column] of columns.entries()) W.set(lines.subarray(column * k, (column + 1) * k), i * k);
    const of = (tensor: TensorInfo | null, to: Float32Array) => {
      const numbers = tensor && backend.numbers(tensor);
      for (const [i, column] of columns.entries()) if (numbers) to[i] = numbers[column];
      return numbers ? to.byteOffset : 0;
    };
    const affine = { bias: of(operands.bias, bias), scale: of(operands.scale, scale) };
    const product = { m: rows, n: count, k, transposeA: false, transposeB: true };
    try {
      multiply(own(backend), backend.numbers(operands.x), W, out, product, affine);
      return use(out);
    } finally {
      for (const pointer of pointers) heap.release(pointer);
    }
  }

  private prefiltered(): Prefilter {
    this.prefiltering ??= new Prefilter(this.backend, this.operands);
    return this.prefiltering;
  }

  release(): void {
    this.prefiltering?.release();
    letGo(this.backend, held(this.operands));
  }
}

const held = ({ x, W, bias, scale }: Operands): TensorInfo[] =>
  [x, W, bias, scale].filter((tensor) => tensor !== null);

/** Not by a library: a number has the same bits whichever way it is computed. */
const own = ({ pool, heap }: EmbeddedBackend) => ({ pool, heap, blas: null });

function multiplyRows(backend: EmbeddedBackend, operands: Operands, m: number, out: Float32Array): void {
  const { x, W } = operands;
  const [k, n] = W.shape;
  const product = { m, n, k, transposeA: false, transposeB: false };
  const rows = backend.numbers(x).subarray(0, m * k);
  multiply(own(backend), rows, backend.numbers(W), out, product, affineOf(backend, operands));
}

/** Such a product; null where it would take longer than the whole one, or prefiltering does not work here. */
export function prefilteredProduct(backend: EmbeddedBackend, operands: Operands): TensorInfo | null {
  const { x, W } = operands;
  const [m, k] = x.shape;
  const n = W.shape[1];
  if (!backend.isPrefiltering || !isForPrefilter(m, n, k)) return null;
  return backend.makeLater([m, n], new PrefilteredProduct(backend, operands));
}

/** The product that a matrix is to become; null of any other tensor, and where its numbers were read. */
export function unreadPrefiltered(backend: EmbeddedBackend, matrix: TensorInfo): PrefilteredProduct | null {
  const later = backend.laterOf(matrix);
  return later instanceof PrefilteredProduct && tf.util.arraysEqual(later.shape, matrix.shape) ? later : null;
}
