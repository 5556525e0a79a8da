import { openNativeSampler } from '../sampler/native.ts';

/** Numbers of a row: sums of x², of (x - y)² and of y². */
export const SUMS = 3;

/**
 * Sums up `rows` rows of x and their reconstructions y, [rows, dim], in double precision: adds x to `columns`
 * [dim], and writes the sums of each row to `sums`, [rows, SUMS]. In C where the processor allows
 * (`native` as ENGINE_NATIVE), with the same bits.
 */
export function compareRows(
  x: Float32Array,
  y: Float32Array,
  columns: Float64Array,
  sums: Float64Array,
  rows: number,
  native?: string,
): void {
  const kernels = openNativeSampler(native);
  if (kernels === null) {
    compareHere(x, y, columns, sums, rows);
    return;
  }
  if (!kernels.compareRows(x, y, columns, sums, rows)) throw new Error('sums of rows: an array is too short');
}

function compareHere(
  x: Float32Array,
  y: Float32Array,
  columns: Float64Array,
  sums: Float64Array,
  rows: number,
): void {
  const dim = columns.length;
  for (let row = 0; row < rows; row++) {
    let square = 0;
    let error = 0;
    let norm = 0;
    for (let k = 0, at = row * dim; k < dim; k++, at++) {
      const value = x[at];
      const difference = value - y[at];
      square += value * value;
      error += difference * difference;
      norm += y[at] * y[at];
      columns[k] += value;
    }
    sums[row * SUMS] = square;
    sums[row * SUMS + 1] = error;
    sums[row * SUMS + 2] = norm;
  }
}
