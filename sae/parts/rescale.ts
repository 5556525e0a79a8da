import * as tf from '@tensorflow/tfjs-core';
import { encode, unitRows } from '#engine/ops';
import type { Weights } from '../architecture.ts';

/**
 * The weights as the TopK family uses them: activations are measured in units of their decoder rows' norms |d_i|, so
 * pre-activations are multiplied by |d_i|, and decoder rows divided by it.
 */
export interface Rescaled {
  /** Pre-activations of inputs from which b_dec is already taken. */
  encode(x: tf.Tensor): tf.Tensor;
  /** The encoder's product alone, without bias. */
  project(x: tf.Tensor): tf.Tensor;
  /** Encoder and bias with the norms multiplied in: what a checkpoint for inference has. */
  folded(): { W_enc: tf.Tensor; b_enc: tf.Tensor };
  /** Decoder rows of norm 1. */
  W_dec: tf.Tensor;
}

export function rescaled(
  { W_enc, b_enc, W_dec }: Weights<'W_enc' | 'b_enc' | 'W_dec'>,
  rescale: boolean,
): Rescaled {
  const { rows, norms } = rescale ? unitRows(W_dec) : { rows: W_dec, norms: null };
  return {
    encode: (x) => encode(x, W_enc, b_enc, norms),
    project: (x) => encode(x, W_enc, null, norms),
    folded: () => (norms ? { W_enc: tf.mul(W_enc, norms), b_enc: tf.mul(b_enc, norms) } : { W_enc, b_enc }),
    W_dec: rows,
  };
}
