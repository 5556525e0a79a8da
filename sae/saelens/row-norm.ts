/** How SAELens may normalise each row of x before it encodes; it undoes that after the decoder. */
export const rowNorms = ['layer_norm', 'constant_norm_rescale'] as const;
export type RowNorm = (typeof rowNorms)[number];

/** Added to the standard deviation by which a row is divided, but not when that is undone. */
const EPSILON = 1e-5;

/**
 * Normalises the rows of x [rows × d]: to mean 0 and standard deviation 1 (with d - 1), or to norm √d. The
 * judge has x and undoes it. Source: `_setup_activation_normalization` in SAELens' `saes/sae.py`.
 */
export function normalisedRows(norm: RowNorm, x: Float32Array, d: number): Float32Array {
  const out = new Float32Array(x.length);
  for (let from = 0; from < x.length; from += d) {
    const row = x.subarray(from, from + d);
    const mean = norm === 'layer_norm' ? row.reduce((sum, v) => sum + v, 0) / d : 0;
    const square = row.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    const factor =
      norm === 'layer_norm' ? 1 / (Math.sqrt(square / (d - 1)) + EPSILON) : Math.sqrt(d / square);
    for (let j = 0; j < d; j++) out[from + j] = (row[j] - mean) * factor;
  }
  return out;
}
