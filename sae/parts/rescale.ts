import * as tf from '@tensorflow/tfjs-core';
import { encode, rowNorms } from '#engine/ops';
import type { Weights } from '../architecture.ts';

/**
 * The weights as the TopK family uses them: activations are measured in units of their decoder rows' norms |d_i|.
 * Multiplying pre-activations by |d_i| and dividing before decoding is the same as scaling W_enc and b_enc and
 * normalising W_dec, which is cheaper: weights are small beside a batch.
 */
export interface Rescaled {
  /** Pre-activations of inputs from which b_dec is already taken. */
  encode(x: tf.Tensor): tf.Tensor;
  /** The encoder's product alone, without bias. */
  project(x: tf.Tensor): tf.Tensor;
  W_enc: tf.Tensor;
  b_enc: tf.Tensor;
  /** Decoder rows of norm 1. */
  W_dec: tf.Tensor;
}

export function rescaled(weights: Weights<'W_enc' | 'b_enc' | 'W_dec'>, rescale: boolean): Rescaled {
  // Rows of norm 0 would divide by 0.
  const norms = rescale ? tf.maximum(rowNorms(weights.W_dec), 1e-8) : null;
  const W_enc = norms ? tf.mul(weights.W_enc, norms) : weights.W_enc;
  const b_enc = norms ? tf.mul(weights.b_enc, norms) : weights.b_enc;
  const W_dec = norms ? tf.div(weights.W_dec, tf.expandDims(norms, 1)) : weights.W_dec;
  return {
    encode: (x) => encode(x, W_enc, b_enc),
    project: (x) => encode(x, W_enc),
    W_enc,
    b_enc,
    W_dec,
  };
}
