/** How some encoders normalise each row before they encode it (SAELens' `normalize_activations`). */
export type RowNorm = 'layer_norm' | 'constant_norm_rescale';

/**
 * Undoes the normalisation of rows in their reconstructions [rows × d], in place. A row is multiplied by
 * the standard deviation of its x (divided by d - 1) and the mean of x is added, or it is multiplied by the
 * norm of x over √d. `output` may be longer than x. Source: `_setup_activation_normalization` in SAELens'
 * `saes/sae.py`.
 */
export function restoreRows(norm: RowNorm, x: Float32Array, output: Float32Array, d: number): void {
  for (let from = 0; from < x.length; from += d) {
    const row = x.subarray(from, from + d);
    const mean = norm === 'layer_norm' ? row.reduce((sum, v) => sum + v, 0) / d : 0;
    const square = row.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    const factor = Math.sqrt(square / (norm === 'layer_norm' ? d - 1 : d));
    for (let at = from; at < from + d; at++) output[at] = output[at] * factor + mean;
  }
}
