import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';

/**
 * The codes of a batch, and what they were made from: x ≈ codes · W_dec + b_dec. In units that no architecture changes: x as
 * the data have it, decoder rows of norm 1, so that a code is a length in the space of x.
 */
export interface CodedBatch {
  /** [batch, d_in] */
  x: tf.Tensor;
  /** [batch, d_sae] */
  codes: tf.Tensor;
  /** [d_sae, d_in], rows of norm 1. */
  W_dec: tf.Tensor;
  /** [d_in] */
  b_dec: tf.Tensor;
}

/** A change of the codes at inference that any architecture can have; one file in `addons/`, its default export. */
export interface Addon<Config = unknown> {
  /** The setting that switches it on, as `leave_one_out: { tau: 0 }`. */
  setting: string;
  config: z.ZodType<Config>;
  /** Codes [batch, d_sae] to be used instead. */
  apply(batch: CodedBatch, config: Config): tf.Tensor;
}

export function defineAddon<Config>(addon: Addon<Config>): Addon {
  return addon as Addon;
}
