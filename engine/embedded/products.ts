import type { SparseCodes } from '#contract/codes';
import type { EmbeddedBackend } from './backend.ts';

/*
 * Products with few non-zeros on all threads. The kernels take for each non-zero the address of the dense row
 * that goes with it, so that bands (latent j's numbers lie in parts[bandOf[j]]) and transposes differ only in
 * these addresses.
 */

type Bands = Uint8Array | undefined;

/** parts[band of j][i, :] = Σ_j a[i, j] · W[j, :]. */
export function sparseTimesDense(
  backend: EmbeddedBackend,
  a: SparseCodes,
  W: Float32Array,
  n: number,
  parts: readonly Float32Array[],
  bandOf: Bands,
): void {
  for (const [band, part] of parts.entries()) {
    const own = bandOf && parts.length > 1 ? ofBand(a, bandOf, band) : a;
    const rowAt = new Uint32Array(own.indices.length);
    for (let at = 0; at < rowAt.length; at++) rowAt[at] = W.byteOffset + 4 * n * own.indices[at];
    sumRows(backend, own.rows, own.offsets, rowAt, own.values, n, part);
  }
}

/**
 * out[j, :] = Σ_i a[i, j] · parts[band of j][i, :]: the product with the transpose; out has one row per
 * column of a.
 */
export function sparseTransposedTimesDense(
  backend: EmbeddedBackend,
  a: SparseCodes,
  parts: readonly Float32Array[],
  n: number,
  out: Float32Array,
  bandOf: Bands,
): void {
  const columns = out.length / n;
  const offsets = new Uint32Array(columns + 1);
  for (let at = 0; at < a.indices.length; at++) offsets[a.indices[at] + 1]++;
  for (let j = 0; j < columns; j++) offsets[j + 1] += offsets[j];
  const next = offsets.slice(0, columns);
  const rowAt = new Uint32Array(a.indices.length);
  const values = new Float32Array(a.indices.length);
  const starts = parts.map((part) => part.byteOffset);
  for (let row = 0; row < a.rows; row++) {
    for (let at = a.offsets[row]; at < a.offsets[row + 1]; at++) {
      const latent = a.indices[at];
      const to = next[latent]++;
      rowAt[to] = starts[bandOf ? bandOf[latent] : 0] + 4 * n * row;
      values[to] = a.values[at];
    }
  }
  sumRows(backend, columns, offsets, rowAt, values, n, out);
}

/** parts[band of j][i, :] · W[j, :] at every non-zero (i, j) of `pattern`, in its order. */
export function dotsAt(
  { pool, heap }: EmbeddedBackend,
  pattern: SparseCodes,
  parts: readonly Float32Array[],
  W: Float32Array,
  n: number,
  bandOf: Bands,
): Float32Array {
  const count = pattern.indices.length;
  const block = heap.allocate(12 * count);
  const [leftAt, rightAt] = [heap.words(block, count), heap.words(block + 4 * count, count)];
  const starts = parts.map((part) => part.byteOffset);
  for (let row = 0; row < pattern.rows; row++) {
    for (let at = pattern.offsets[row]; at < pattern.offsets[row + 1]; at++) {
      const latent = pattern.indices[at];
      leftAt[at] = starts[bandOf ? bandOf[latent] : 0] + 4 * n * row;
      rightAt[at] = W.byteOffset + 4 * n * latent;
    }
  }
  const dots = block + 8 * count;
  pool.run('dotRows', count, n, leftAt.byteOffset, rightAt.byteOffset, n, dots);
  const found = Float32Array.from(heap.floats(dots, count));
  heap.release(block);
  return found;
}

/** out[i, :] = Σ values[at] · (row at rowAt[at]). */
function sumRows(
  { pool, heap }: EmbeddedBackend,
  rows: number,
  offsets: Uint32Array,
  rowAt: Uint32Array,
  values: Float32Array,
  n: number,
  out: Float32Array,
): void {
  const count = values.length;
  const block = heap.allocate(4 * (rows + 1) + 8 * count);
  const [rowsFrom, valuesFrom] = [block + 4 * (rows + 1), block + 4 * (rows + 1 + count)];
  heap.words(block, rows + 1).set(offsets);
  heap.words(rowsFrom, count).set(rowAt);
  heap.floats(valuesFrom, count).set(values);
  const work = n * (1 + count / Math.max(1, rows));
  pool.run('sumRows', rows, work, block, rowsFrom, valuesFrom, n, out.byteOffset);
  heap.release(block);
}

/** The non-zeros whose latents belong to this band. */
function ofBand(a: SparseCodes, bandOf: Uint8Array, band: number): SparseCodes {
  const offsets = new Uint32Array(a.rows + 1);
  const indices = new Uint32Array(a.indices.length);
  const values = new Float32Array(a.indices.length);
  let count = 0;
  for (let row = 0; row < a.rows; row++) {
    for (let at = a.offsets[row]; at < a.offsets[row + 1]; at++) {
      if (bandOf[a.indices[at]] !== band) continue;
      indices[count] = a.indices[at];
      values[count++] = a.values[at];
    }
    offsets[row + 1] = count;
  }
  return { rows: a.rows, offsets, indices: indices.subarray(0, count), values: values.subarray(0, count) };
}
