import type * as tf from '@tensorflow/tfjs-core';
import { csrOf } from '#engine/sparse';

/**
 * Follows how often each latent fires: frequencies[i] moves to the share of the batch's samples in which it does, as an
 * exponential average. Frequencies below 0 mean that nothing was counted yet; the first batch then sets them.
 */
export function followFrequencies(frequencies: Float64Array, acts: tf.Tensor, decay: number): void {
  const { indices, values, rows } = csrOf(acts);
  const counts = new Float64Array(frequencies.length);
  for (let at = 0; at < indices.length; at++) if (values[at] !== 0) counts[indices[at]]++;
  for (let i = 0; i < counts.length; i++) {
    const rate = counts[i] / rows;
    frequencies[i] = frequencies[i] < 0 ? rate : decay * frequencies[i] + (1 - decay) * rate;
  }
}

/** Latents by frequency, the most frequent first; of equals the lower index. */
export function mostFrequentFirst(frequencies: Float64Array): Uint32Array {
  return Uint32Array.from(frequencies.keys()).sort((a, b) => frequencies[b] - frequencies[a] || a - b);
}
