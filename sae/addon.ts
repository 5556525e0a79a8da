import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';

/**
 * The codes of a batch and what they were made from: x ≈ codes · W_dec + b_dec. The units are the same for
 * every architecture: x as in the data and decoder rows of norm 1, so a code is a length in the space of x.
 */
export interface CodedBatch {
  /** Inputs [batch, d_in]. */
  x: tf.Tensor;
  /** Codes [batch, d_sae]. */
  codes: tf.Tensor;
  /** Decoder [d_sae, d_in], rows of norm 1. */
  W_dec: tf.Tensor;
  /** Decoder bias [d_in]. */
  b_dec: tf.Tensor;
}

/**
 * A change of the codes at inference, for any architecture: the default export of a file in `addons/`.
 */
export interface Addon<Config = unknown> {
  /** The setting that switches it on: `leave_one_out` in `leave_one_out: { tau: 0 }`. */
  setting: string;
  /** The fields of that setting. */
  config: z.ZodType<Config>;
  /** Returns the codes [batch, d_sae] to use instead. */
  apply(batch: CodedBatch, config: Config): tf.Tensor;
}

/** Checks an add-on's types where it is written. */
export function defineAddon<Config>(addon: Addon<Config>): Addon {
  return addon as Addon;
}
