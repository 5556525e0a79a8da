import * as tf from '@tensorflow/tfjs-core';
import { encode, unitRows } from '#engine/ops';
import type { Weights } from '../architecture.ts';

/**
 * The weights as the TopK family uses them (`rescale_acts_by_decoder_norm`): pre-activations are multiplied
 * by the norms |d_i| of the decoder rows, and decoder rows are divided by them. An activation is then a
 * length in the space of x.
 */
export interface Rescaled {
  /** Pre-activations [batch, d_sae] of x - b_dec [batch, d_in]. */
  encode(u: tf.Tensor): tf.Tensor;
  /** Encoder and bias multiplied by the norms, as they are saved for inference. */
  folded(): { W_enc: tf.Tensor; b_enc: tf.Tensor };
  /** Decoder rows of norm 1 [d_sae, d_in]. */
  W_dec: tf.Tensor;
}

/** With `rescale` false everything stays as it is. */
export function rescaled(
  { W_enc, b_enc, W_dec }: Weights<'W_enc' | 'b_enc' | 'W_dec'>,
  rescale: boolean,
): Rescaled {
  const { rows, norms } = rescale ? unitRows(W_dec) : { rows: W_dec, norms: null };
  return {
    encode: (u) => encode(u, W_enc, b_enc, norms),
    folded: () => (norms ? { W_enc: tf.mul(W_enc, norms), b_enc: tf.mul(b_enc, norms) } : { W_enc, b_enc }),
    W_dec: rows,
  };
}
