import * as tf from '@tensorflow/tfjs-core';
import { decode, detach, largestAmong, squaredErrors } from '#engine/ops';

/** Mean over samples of the squared error summed over dimensions. */
export function meanSquaredError(recon: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.mean(squaredErrors(recon, x));
}

/**
 * Dead latents learn to reconstruct what the others leave over: of each sample the k largest pre-activations among them
 * (negative ones too) decode to the residual x - recon, which is held fixed. `signs` [batch, d_sae] of ±1 make them the largest
 * in magnitude.
 * Source: Gao et al. 2024, arXiv 2406.04093, A.2, in SAELens' form (k = d_in / 2, not divided by the residual's variance).
 */
export function deadLatentLoss(
  hiddenPre: tf.Tensor,
  W_dec: tf.Tensor,
  residual: tf.Tensor,
  dead: Uint8Array | null,
  signs?: tf.Tensor,
): tf.Tensor {
  const count = dead ? dead.reduce((sum, v) => sum + v, 0) : 0;
  if (!dead || count === 0) return tf.scalar(0);
  const most = Math.floor((residual.shape[residual.rank - 1] as number) / 2);
  const k = Math.min(most, count);
  const revived = signs
    ? tf.mul(largestAmong(tf.mul(hiddenPre, signs), k, dead), signs)
    : largestAmong(hiddenPre, k, dead);
  return tf.mul(Math.min(count / most, 1), meanSquaredError(decode(revived, W_dec), detach(residual)));
}
