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

/** Buckets of the order: of 2^-7 of an octave each, so that they reach 32 octaves below the largest. */
const BUCKETS = 4096;
const BUCKET_BITS = 13;
/** Below this many latents of a bucket, moving each to its place takes less time than a sort. */
const FEW = 256;

/** Latents by frequency, the most frequent first; the lower index first among equals. */
export function orderByFrequency(frequencies: Float64Array): Uint32Array {
  const { length } = frequencies;
  let largest = 0;
  for (const each of frequencies) if (each > largest) largest = each;
  const top = new Int32Array(Float64Array.of(largest).buffer)[1];
  const words = new Int32Array(frequencies.slice().buffer);
  // Few latents share a bucket: sorting all of them takes several times as long.
  const buckets = new Uint16Array(length);
  const next = new Uint32Array(BUCKETS + 2);
  for (let latent = 0; latent < length; latent++) {
    const below = (top - words[2 * latent + 1]) >> BUCKET_BITS;
    buckets[latent] = frequencies[latent] > 0 ? Math.min(below, BUCKETS - 1) : BUCKETS;
    next[buckets[latent] + 1]++;
  }
  for (let bucket = 0; bucket < BUCKETS; bucket++) next[bucket + 1] += next[bucket];
  const order = new Uint32Array(length);
  for (let latent = 0; latent < length; latent++) order[next[buckets[latent]]++] = latent;
  // Latents that died at different steps share the last bucket, however many they are.
  for (let bucket = 0, from = 0; bucket <= BUCKETS; from = next[bucket++]) {
    if (next[bucket] - from < FEW) continue;
    order.subarray(from, next[bucket]).sort((a, b) => frequencies[b] - frequencies[a] || a - b);
  }
  // Each is now behind all of the buckets before its own.
  for (let rank = 1; rank < length; rank++) {
    const latent = order[rank];
    let at = rank;
    for (; at > 0 && frequencies[order[at - 1]] < frequencies[latent]; at--) order[at] = order[at - 1];
    order[at] = latent;
  }
  return order;
}
