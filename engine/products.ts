import type { Csr } from './csr.ts';
import { embeddedFor } from './embedded/backend.ts';
import { transposeInto } from './embedded/gemm.ts';
import * as threaded from './embedded/products.ts';

/**
 * Products with few non-zeros, by bands: latent j, a column of the sparse matrix, belongs to band
 * `bandOf[j]`, and each band has a dense matrix [rows, n] of its own. Without `bandOf` there is one band.
 * Outputs need not start as zeros. Dense arrays in the embedded backend's memory are processed there on all
 * threads; others in plain TypeScript, which is also the definition.
 */
type Bands = Uint8Array | undefined;

/** parts[band of j][i, :] = Σ_j a[i, j] · W[j, :]. */
export function sparseTimesDense(
  a: Csr,
  W: Float32Array,
  n: number,
  parts: readonly Float32Array[],
  bandOf?: Bands,
): void {
  const embedded = embeddedFor(W, ...parts);
  if (embedded) {
    threaded.sparseTimesDense(embedded, a, W, n, parts, bandOf);
    return;
  }
  for (const part of parts) part.fill(0);
  eachNonZero(a, bandOf, (row, latent, band, at) => {
    const out = parts[band];
    for (let k = 0; k < n; k++) out[row * n + k] += a.values[at] * W[latent * n + k];
  });
}

/**
 * out[j, :] = Σ over the terms of Σ_i a[i, j] · parts[band of j][i, :]: products with transposes, whose sum
 * has `columns` rows of n numbers. `isFlipped`: out is the transpose of that.
 */
export function sumOfTransposed(
  terms: readonly threaded.Term[],
  columns: number,
  n: number,
  out: Float32Array,
  isFlipped = false,
): void {
  const embedded = embeddedFor(out, ...terms.flatMap(({ parts }) => parts));
  if (embedded) {
    threaded.sumOfTransposed(embedded, terms, columns, n, out, isFlipped);
    return;
  }
  out.fill(0);
  const [row, column] = isFlipped ? [1, columns] : [n, 1];
  for (const { codes, parts, bandOf } of terms) {
    eachNonZero(codes, bandOf, (i, latent, band, at) => {
      const from = parts[band];
      for (let k = 0; k < n; k++) out[latent * row + k * column] += codes.values[at] * from[i * n + k];
    });
  }
}

/** parts[band of j][i, :] · W[j, :] at every non-zero (i, j) of `pattern`, in its order. */
export function dotsAt(
  pattern: Csr,
  parts: readonly Float32Array[],
  W: Float32Array,
  n: number,
  bandOf?: Bands,
): Float32Array {
  const embedded = embeddedFor(W, ...parts);
  if (embedded) return threaded.dotsAt(embedded, pattern, parts, W, n, bandOf);
  const dots = new Float32Array(pattern.indices.length);
  eachNonZero(pattern, bandOf, (row, latent, band, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += parts[band][row * n + k] * W[latent * n + k];
    dots[at] = sum;
  });
  return dots;
}

function eachNonZero(
  a: Csr,
  bandOf: Bands,
  visit: (row: number, latent: number, band: number, at: number) => void,
): void {
  for (let row = 0; row < a.rows; row++) {
    for (let at = a.offsets[row]; at < a.offsets[row + 1]; at++) {
      const latent = a.indices[at];
      visit(row, latent, bandOf ? bandOf[latent] : 0, at);
    }
  }
}

const BLOCK = 16;

/** out = aᵀ for `a` of rows × columns, in blocks that stay in the cache. */
export function transpose(a: Float32Array, rows: number, columns: number, out: Float32Array): void {
  const embedded = embeddedFor(a, out);
  if (embedded) {
    transposeInto(embedded, a.byteOffset, rows, columns, out.byteOffset);
    return;
  }
  for (let row = 0; row < rows; row += BLOCK) {
    const lastRow = Math.min(rows, row + BLOCK);
    for (let column = 0; column < columns; column += BLOCK) {
      const lastColumn = Math.min(columns, column + BLOCK);
      for (let j = column; j < lastColumn; j++) {
        for (let i = row; i < lastRow; i++) out[j * rows + i] = a[i * columns + j];
      }
    }
  }
}
