import type { SparseCodes } from '#contract/codes';

/** Rows of few non-zeros (CSR): those of row i are `offsets[i] .. offsets[i + 1]`, columns ascending. */
export type Csr = SparseCodes;

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
