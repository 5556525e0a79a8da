import type { Answer } from './run.ts';

/**
 * What a step has to do at least, by the arithmetic with which the kernels were planned: the encodes,
 * pre-activations that are written once and read in three passes of a selection, products over the non-zeros,
 * and Adam.
 */
export interface Bounds {
  flops: number;
  /** Bytes of the device's memory that are read and written. */
  bytes: number;
  /** Bytes from this process: the batch. */
  bytesSent: number;
  bytesReadBack: number;
  launches: number;
}

/** Launches of a step of the default recipe. */
const MOST_LAUNCHES = 60;
/** Passes over the pre-activations of an encode, of which the first writes them. */
const PASSES = 4;
/** Products with the non-zeros of a selection: decode, its two gradients, the gradient of the encoder. */
const SPARSE_PRODUCTS = 4;
/** Reads and writes of Adam for a parameter: weight, both moments, gradient. */
const ADAM = 7;

/** The bounds of a step of `encodes` encodes and selections of k latents of a sample. */
export function boundsOf(
  { batch, d_in, d_sae, settings }: Pick<Answer, 'batch' | 'd_in' | 'd_sae' | 'settings'>,
  encodes: number,
): Bounds {
  const k = Number(settings.k ?? 0);
  const product = batch * d_in * d_sae;
  const nonZeros = batch * k * d_in;
  const parameters = 2 * d_in * d_sae + d_in + d_sae;
  return {
    flops: encodes * 2 * (product + SPARSE_PRODUCTS * nonZeros),
    bytes: 4 * (encodes * (PASSES * batch * d_sae + SPARSE_PRODUCTS * nonZeros) + ADAM * parameters),
    bytesSent: 4 * batch * d_in,
    bytesReadBack: 0,
    launches: MOST_LAUNCHES,
  };
}
