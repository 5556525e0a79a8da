import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { meanErrors } from '#engine/mean-errors';
import { decode, detach, largestAmong, squaredErrors } from '#engine/ops';
import { countOnDevice } from '#engine/tracking';

/** Fields of the reduction of the samples' errors to one loss. */
export const reductionFields = {
  /** TERM: samples with a larger error weigh more; 0: the plain mean. */
  term_tilt: z.number().nonnegative().default(0),
};
type ReductionConfig = z.infer<z.ZodObject<typeof reductionFields>>;

/**
 * The squared error of each sample, summed over dimensions, reduced to a scalar: the mean, tilted by
 * `term_tilt`.
 */
export const reconstructionLoss = (recon: tf.Tensor, x: tf.Tensor, config: ReductionConfig): tf.Tensor =>
  reconstructionLosses([recon], x, config)[0];

/** The same of several reconstructions of x, whose errors are one pass over what they share. */
export function reconstructionLosses(
  recons: readonly tf.Tensor[],
  x: tf.Tensor,
  config: ReductionConfig,
): tf.Tensor[] {
  const { term_tilt } = config;
  return (
    meanErrors(recons, x, term_tilt) ?? recons.map((recon) => tiltedMean(squaredErrors(recon, x), term_tilt))
  );
}

/**
 * Mean weighted by softmax(tilt · error / mean error); the weights are constants for the gradient. `errors`
 * [batch].
 * Source: Li et al. 2021, "Tilted Empirical Risk Minimization", arXiv 2007.01162.
 */
function tiltedMean(errors: tf.Tensor, tilt: number): tf.Tensor {
  if (tilt <= 0) return tf.mean(errors);
  const constant = detach(errors);
  const weights = tf.softmax(tf.mul(tilt, tf.div(constant, tf.mean(constant))) as tf.Tensor1D);
  return tf.sum(tf.mul(weights, errors));
}

/**
 * The auxiliary loss of the TopK family: dead latents reconstruct the residual x - recon, which is a constant
 * for the gradient. Of each sample the k largest pre-activations among them are decoded, negative ones too.
 * `signs` [batch, d_sae] of ±1 select by magnitude. `dead` has a 1 for each dead latent; the loss is 0
 * without one.
 * Source: Gao et al. 2024, arXiv 2406.04093, A.2, in SAELens' form (k = d_in / 2, not divided by the
 * residual's variance).
 */
export function deadLatentLoss(
  hiddenPre: tf.Tensor,
  W_dec: tf.Tensor,
  residual: tf.Tensor,
  dead: Uint8Array | null,
  signs?: tf.Tensor,
): tf.Tensor {
  if (!dead) return tf.scalar(0);
  const most = Math.floor((residual.shape[residual.rank - 1] as number) / 2);
  // On a device it is not known here how many are dead, or whether any is: the loss is 0 then.
  const there = countOnDevice(dead);
  const count = there ? most : dead.reduce((sum, v) => sum + v, 0);
  if (count === 0) return tf.scalar(0);
  const k = Math.min(most, count);
  const selected = signs
    ? tf.mul(largestAmong(tf.mul(hiddenPre, signs), k, dead), signs)
    : largestAmong(hiddenPre, k, dead);
  const errors = squaredErrors(decode(selected, W_dec), detach(residual));
  const weight = there ? tf.minimum(tf.div(there, most), 1) : Math.min(count / most, 1);
  return tf.mul(weight, tf.mean(errors));
}
