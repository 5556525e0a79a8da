import type * as tf from '@tensorflow/tfjs-core';
import { csrOf } from '#engine/sparse';

/**
 * Moves frequencies[i] towards the share of the batch's samples in which latent i fires, as an exponential
 * average. A negative frequency means that nothing was counted yet: the first batch sets it. `acts` [batch,
 * d_sae].
 */
export function updateFrequencies(frequencies: Float64Array, acts: tf.Tensor, decay: number): void {
  const { indices, values, rows } = csrOf(acts);
  const counts = new Float64Array(frequencies.length);
  for (let at = 0; at < indices.length; at++) if (values[at] !== 0) counts[indices[at]]++;
  for (let i = 0; i < counts.length; i++) {
    const rate = counts[i] / rows;
    frequencies[i] = frequencies[i] < 0 ? rate : decay * frequencies[i] + (1 - decay) * rate;
  }
}

/** Latents by frequency, the most frequent first; the lower index first among equals. */
export function orderByFrequency(frequencies: Float64Array): Uint32Array {
  return Uint32Array.from(frequencies.keys()).sort((a, b) => frequencies[b] - frequencies[a] || a - b);
}
