import type * as tf from '@tensorflow/tfjs-core';
import { trackRates } from '#engine/tracking';

/**
 * Moves frequencies[i] towards the share of the batch's samples in which latent i fires, as an exponential
 * average. A negative frequency means that nothing was counted yet: the first batch sets it. `acts` [batch,
 * d_sae].
 */
export function updateFrequencies(frequencies: Float64Array, acts: tf.Tensor, decay: number): void {
  trackRates(frequencies, acts, decay);
}

/** Latents by frequency, the most frequent first; the lower index first among equals. */
export function orderByFrequency(frequencies: Float64Array): Uint32Array {
  return Uint32Array.from(frequencies.keys()).sort((a, b) => frequencies[b] - frequencies[a] || a - b);
}
