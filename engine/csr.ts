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

/** The sum of two matrices of as many rows, whose columns ascend in each row. */
export function sumOfCodes(a: Csr, b: Csr): Csr {
  const most = a.indices.length + b.indices.length;
  const offsets = new Uint32Array(a.rows + 1);
  const indices = new Uint32Array(most);
  const values = new Float32Array(most);
  let count = 0;
  for (let row = 0; row < a.rows; row++) {
    let i = a.offsets[row];
    let j = b.offsets[row];
    const [iEnd, jEnd] = [a.offsets[row + 1], b.offsets[row + 1]];
    while (i < iEnd && j < jEnd) {
      const [left, right] = [a.indices[i], b.indices[j]];
      indices[count] = left < right ? left : right;
      values[count++] = left < right ? a.values[i] : left > right ? b.values[j] : a.values[i] + b.values[j];
      if (left <= right) i++;
      if (right <= left) j++;
    }
    for (; i < iEnd; i++, count++) {
      indices[count] = a.indices[i];
      values[count] = a.values[i];
    }
    for (; j < jEnd; j++, count++) {
      indices[count] = b.indices[j];
      values[count] = b.values[j];
    }
    offsets[row + 1] = count;
  }
  return { rows: a.rows, offsets, indices: indices.slice(0, count), values: values.slice(0, count) };
}
