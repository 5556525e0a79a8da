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
  // Sorting numbers alone takes a tenth of the time of a sort by a function.
  const ascending = frequencies.slice().sort();
  const order = new Uint32Array(frequencies.length);
  const equal = new Uint32Array(frequencies.length + 1);
  for (let latent = 0; latent < frequencies.length; latent++) {
    const end = endOf(ascending, frequencies[latent]);
    order[frequencies.length - end + equal[end]++] = latent;
  }
  return order;
}

/** How many of ascending numbers are at most `value`. */
function endOf(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
