/** What some encoders do to each row before they encode it (SAELens' `normalize_activations`). */
export type RowNorm = 'layer_norm' | 'constant_norm_rescale';

/**
 * Puts reconstructions [rows × d] of normalised rows back to where their rows x lay: times the standard
 * deviation of x (divided by d - 1) plus its mean, or times its norm over √d. In place; `output` may be
 * longer than x. Source: `_setup_activation_normalization` in SAELens' `saes/sae.py`.
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
