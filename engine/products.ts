import type { Csr } from './sparse.ts';

/** out[i, :] += Σ_j a[i, j] · b[j, :] for a sparse `a`; `b` and `out` have rows of `n` numbers. */
export function sparseTimesDense(a: Csr, b: Float32Array, n: number, out: Float32Array): void {
  for (let row = 0; row < a.rows; row++) {
    const to = row * n;
    for (let at = a.offsets[row]; at < a.offsets[row + 1]; at++) {
      const from = a.indices[at] * n;
      const value = a.values[at];
      for (let k = 0; k < n; k++) out[to + k] += value * b[from + k];
    }
  }
}

/** out[j, :] += Σ_i a[i, j] · b[i, :] for a sparse `a`: the product with its transpose. */
export function sparseTransposedTimesDense(a: Csr, b: Float32Array, n: number, out: Float32Array): void {
  for (let row = 0; row < a.rows; row++) {
    const from = row * n;
    for (let at = a.offsets[row]; at < a.offsets[row + 1]; at++) {
      const to = a.indices[at] * n;
      const value = a.values[at];
      for (let k = 0; k < n; k++) out[to + k] += value * b[from + k];
    }
  }
}

/** a[i, :] · b[j, :] at every non-zero (i, j) of `pattern`, in its order. Rows of `n` numbers. */
export function dotsAt(pattern: Csr, a: Float32Array, b: Float32Array, n: number): Float32Array {
  const dots = new Float32Array(pattern.indices.length);
  for (let row = 0; row < pattern.rows; row++) {
    const left = row * n;
    for (let at = pattern.offsets[row]; at < pattern.offsets[row + 1]; at++) {
      const right = pattern.indices[at] * n;
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[left + k] * b[right + k];
      dots[at] = sum;
    }
  }
  return dots;
}

/** Writes values at the non-zeros of `pattern` into a dense matrix of rows of `columns` numbers. */
export function scatter(pattern: Csr, values: Float32Array, columns: number, out: Float32Array): void {
  for (let row = 0; row < pattern.rows; row++) {
    const base = row * columns;
    for (let at = pattern.offsets[row]; at < pattern.offsets[row + 1]; at++) {
      out[base + pattern.indices[at]] = values[at];
    }
  }
}

/** The values of a dense matrix at the non-zeros of `pattern`. */
export function gather(pattern: Csr, columns: number, dense: Float32Array): Float32Array {
  const values = new Float32Array(pattern.indices.length);
  for (let row = 0; row < pattern.rows; row++) {
    const base = row * columns;
    for (let at = pattern.offsets[row]; at < pattern.offsets[row + 1]; at++) {
      values[at] = dense[base + pattern.indices[at]];
    }
  }
  return values;
}

const BLOCK = 16;

/** out = aᵀ for `a` of rows × columns, in blocks that stay in the cache. */
export function transpose(a: Float32Array, rows: number, columns: number, out: Float32Array): void {
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

/** out[j] += Σ_i a[i, j]. */
export function sumRows(a: Float32Array, rows: number, columns: number, out: Float32Array): void {
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, at++) out[j] += a[at];
  }
}
