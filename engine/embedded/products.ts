import type { SparseCodes } from '#contract/codes';
import type { EmbeddedBackend } from './backend.ts';
import { withCopies } from './copies.ts';
import { transposeInto } from './gemm.ts';
import { isForStrips, sumByStrips } from './strips.ts';

/*
 * Products with few non-zeros on all threads. The non-zeros lie in plain arrays, which outlive a step without
 * care; a kernel gets a copy of them, a small part of what it reads.
 */

type Bands = Uint8Array | undefined;
/** What products use of the backend. */
type Threads = Pick<EmbeddedBackend, 'pool' | 'heap'>;

/** parts[band of j][i, :] = Σ_j a[i, j] · W[j, :]. */
export function sparseTimesDense(
  backend: Threads,
  a: SparseCodes,
  W: Float32Array,
  n: number,
  parts: readonly Float32Array[],
  bandOf: Bands,
): void {
  const { pool, heap } = backend;
  const columns = W.length / n;
  // In bands, a row of a strip has so few terms that the loops over them take longer.
  if (parts.length === 1 && !bandOf && isForStrips(pool, columns, n, a.indices.length)) {
    sumByStrips(backend, a, W, n, parts[0], false);
    return;
  }
  withCopies(heap, [], [a.offsets, a.indices, a.values, ...bandArrays(bandOf, parts)], (...pointers) => {
    const [offsets, indices, values, starts, bands = 0] = pointers;
    const shape = [bands, parts.length, starts, W.byteOffset, n];
    pool.run('sparseRows', a.rows, rowWork(a, n), offsets, indices, values, ...shape);
  });
}

/** A product aᵀ·parts of a sparse matrix a. */
export interface Term {
  codes: SparseCodes;
  /** The dense matrix [rows, n] of each band. */
  parts: readonly Float32Array[];
  bandOf: Bands;
}

/** Rows of a group and numbers of them that are summed at a time, as in native/sparse.h. */
const TOGETHER = 16;
const WIDTH = 192;

/**
 * out[j, :] = Σ over the terms of Σ_i a[i, j] · parts[band of j][i, :], or the transpose of that; the result
 * has `columns` rows, one for each column of the sparse matrices.
 */
export function sumOfTransposed(
  backend: Threads,
  terms: readonly Term[],
  columns: number,
  n: number,
  out: Float32Array,
  isFlipped: boolean,
): void {
  const { pool, heap } = backend;
  const lists = terms.map(({ codes, parts, bandOf }) => {
    const { starts, order, rowOf } = columnsOf(backend, codes, columns);
    return [starts, order, rowOf, codes.values, ...bandArrays(bandOf, parts)];
  });
  const nonZeros = terms.reduce((sum, { codes }) => sum + codes.indices.length, 0);
  const work = n * (1 + nonZeros / columns);
  const table = new Uint32Array(TERM_WORDS * terms.length);
  withCopies(heap, [], [table, ...lists.flat()], (tableAt, ...pointers) => {
    const each = lists.map((list) => pointers.splice(0, list.length));
    if (pool.native) {
      const words = heap.words(tableAt, table.length).fill(0);
      for (const [i, list] of each.entries()) words.set(list, TERM_WORDS * i);
      const items = Math.ceil(columns / TOGETHER) * Math.ceil(n / WIDTH);
      const share = (work * columns) / items;
      const shape = [columns, n, Number(isFlipped), WIDTH, out.byteOffset];
      pool.run('columnSums', items, share, tableAt, terms.length, ...shape);
      return;
    }
    const to = isFlipped ? heap.allocate(4 * columns * n) : out.byteOffset;
    for (const [i, [starts, order, rowOf, values, parts, bands = 0]] of each.entries()) {
      const matrices = [starts, order, rowOf, values, bands, parts];
      pool.run('sparseColumns', columns, work / terms.length, ...matrices, n, to, Number(i > 0));
    }
    if (!isFlipped) return;
    transposeInto(backend, to, columns, n, out.byteOffset);
    heap.release(to);
  });
}

/** Words that columnSums has for a term. */
const TERM_WORDS = 6;

/** parts[band of j][i, :] · W[j, :] at every non-zero (i, j) of `pattern`, in its order. */
export function dotsAt(
  { pool, heap }: EmbeddedBackend,
  pattern: SparseCodes,
  parts: readonly Float32Array[],
  W: Float32Array,
  n: number,
  bandOf: Bands,
): Float32Array {
  const { offsets, indices } = pattern;
  const dots = new Float32Array(indices.length);
  withCopies(heap, [dots], [offsets, indices, ...bandArrays(bandOf, parts)], (dotsTo, ...pointers) => {
    const [offsetsAt, indicesAt, starts, bands = 0] = pointers;
    const shape = [bands, starts, W.byteOffset, n, dotsTo];
    pool.run('sparseDots', pattern.rows, rowWork(pattern, n), offsetsAt, indicesAt, ...shape);
  });
  return dots;
}

/** What an encoder's gradient needs of the gradient of its pre-activations, by column. */
export interface ColumnGradients {
  /** Every value times its column's scale. */
  scaled: Float32Array;
  /** Σ_i of the scaled values. */
  sums: Float32Array;
  /** Σ_i value · h / scale. */
  weighted: Float32Array;
}

/** `h` has the pre-activations at the non-zeros of `a`, in their order; null where there is no scale. */
export function columnGradients(
  backend: EmbeddedBackend,
  a: SparseCodes,
  h: Float32Array | null,
  scale: Float32Array | null,
  columns: number,
): ColumnGradients {
  const { starts, order } = columnsOf(backend, a, columns);
  const scaled = new Float32Array(a.indices.length);
  const [sums, weighted] = [new Float32Array(columns), new Float32Array(columns)];
  const outs = [scaled, sums, weighted];
  withCopies(backend.heap, outs, [starts, order, a.values, ...(h ? [h] : [])], (...pointers) => {
    const [scaledTo, sumsTo, weightedTo, startsAt, orderAt, values, hAt = 0] = pointers;
    const inputs = [startsAt, orderAt, values, hAt, scale?.byteOffset ?? 0];
    const work = 4 * (1 + a.indices.length / columns);
    backend.pool.run('columnGradients', columns, work, ...inputs, scaledTo, sumsTo, weightedTo);
  });
  return { scaled, sums, weighted };
}

/** The non-zeros of a pattern by columns. */
interface Columns {
  starts: Uint32Array;
  /** Places of the non-zeros in the order of the rows. */
  order: Uint32Array;
  rowOf: Uint32Array;
}

// Keyed by the indices, which matrices of one pattern share: codes, and the gradients that reach them.
const byColumn = new WeakMap<Uint32Array, Columns>();

function columnsOf({ pool, heap }: Threads, a: SparseCodes, columns: number): Columns {
  const known = byColumn.get(a.indices);
  if (known?.starts.length === columns + 1) return known;
  const count = a.indices.length;
  const found = {
    starts: new Uint32Array(columns + 1),
    order: new Uint32Array(count),
    rowOf: new Uint32Array(count),
  };
  const outs = [found.starts, found.order, found.rowOf];
  withCopies(heap, outs, [a.offsets, a.indices], (...pointers) => {
    const [starts, order, rowOf, offsets, indices] = pointers;
    pool.run('byColumn', 1, 0, offsets, indices, a.rows, columns, starts, order, rowOf);
  });
  byColumn.set(a.indices, found);
  return found;
}

const rowWork = (a: SparseCodes, n: number): number => n * (1 + a.indices.length / Math.max(1, a.rows));

/** Pointers of the bands' matrices, and the bands where there are several. */
function bandArrays(bandOf: Bands, parts: readonly Float32Array[]): (Uint32Array | Uint8Array)[] {
  const starts = Uint32Array.from(parts, (part) => part.byteOffset);
  return bandOf && parts.length > 1 ? [starts, bandOf] : [starts];
}
