import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Tensor32 } from '#contract/safetensors';

/** Weights by SAELens' names and layouts: W_enc [d_in, d_sae], b_enc [d_sae], W_dec [d_sae, d_in], b_dec [d_in] ... */
export type Weights<Name extends string = string> = Record<Name, tf.Tensor>;

/** State that training carries along but does not learn (thresholds, frequencies), in float64. */
export type Buffers<Name extends string = string> = Record<Name, Float64Array>;

/** Fields that every architecture has. Widths come from the data and the profile. */
export const baseFields = {
  d_in: z.number().int().positive(),
  d_sae: z.number().int().positive(),
  /** Every decoder row begins with this norm; null leaves the rows as drawn. */
  decoder_init_norm: z.number().positive().nullable().default(0.1),
};

export interface BaseConfig {
  d_in: number;
  d_sae: number;
  decoder_init_norm: number | null;
}

/** What one training pass is given. `x` [batch, d_in] is all that is known of the data. */
export interface PassInput<Config, W extends string, B extends string> {
  x: tf.Tensor;
  weights: Weights<W>;
  buffers: Buffers<B>;
  config: Config;
  /** 0-based. */
  step: number;
  /** floor(samples / batch), what schedules are measured in. */
  trainingSteps: number;
  /** 1 for latents that have not fired for the window, null where none is dead. */
  dead: Uint8Array | null;
  /** Multiplies the sparsity coefficient: the L0 autotuner's, else 1. */
  multiplier: number;
}

/** What one training pass returns. */
export interface PassOutput {
  /** Pre-activations and activations [batch, d_sae]; a latent fires where its activation is not 0. */
  hiddenPre: tf.Tensor;
  acts: tf.Tensor;
  /** Reconstruction of x [batch, d_in]. */
  recon: tf.Tensor;
  /** Scalars; training minimises their sum. */
  losses: Record<string, tf.Tensor>;
}

/** A trained SAE, without gradients: `encode(x) · W_dec + b_dec` reconstructs x [batch, d_in]. */
export interface Encoder {
  encode(x: tf.Tensor): tf.Tensor;
  /** [d_sae, d_in] and [d_in]. */
  W_dec: tf.Tensor;
  b_dec: tf.Tensor;
}

/** The SAE for inference: it encodes every sample by itself. `weights` are what SAELens would save. */
export interface InferenceEncoder extends Encoder {
  /** Name of this form in SAELens, as `jumprelu` for a trained BatchTopK. */
  architecture: string;
  weights: Weights;
  /** Fields that SAELens' config of this form needs beside the sizes. */
  fields?: Record<string, number | boolean | null>;
}

/**
 * How an SAE's numbers change when a factor on x is folded into them: each is multiplied by factor^power. Training may
 * scale x (`normalize_activations`), and the trained SAE must then encode x itself: with the same codes, in units of
 * decoder rows of norm 1.
 */
export interface InputScaling<Config, Name extends string> {
  /** The power for each weight and each buffer; 0 for one that does not depend on the unit of x. */
  powers: Record<Name, number>;
  /** The power for each field of the config that is a length in the unit of x. */
  configPowers?: Partial<Record<keyof Config, number>>;
}

/**
 * An SAE architecture: one file in `architectures/` with one of these as its default export; the file's name is the
 * architecture's. The trainer knows nothing else of it.
 */
export interface Architecture<
  Config extends BaseConfig = BaseConfig,
  W extends string = string,
  B extends string = string,
> {
  /** One line for lists: what it is, and where it was published. */
  summary: string;
  /** Its fields with their defaults, by SAELens' names. */
  config: z.ZodObject<z.ZodRawShape> & z.ZodType<Config>;
  init(config: Config, random: () => number): Record<W, Tensor32>;
  inputScaling(config: Config): InputScaling<Config, W | B>;
  buffers?(config: Config): Buffers<B>;
  /** One training pass: the forward pass and its losses, with gradients to `weights`; updates `buffers`. */
  trainingPass(pass: PassInput<Config, W, B>): PassOutput;
  /** The encoder that is judged. It encodes a batch as training does: a selection may look at the whole batch. */
  batchEncoder(weights: Weights<W>, buffers: Buffers<B>, config: Config): Encoder;
  /** The encoder without a look at the batch, by thresholds for example; it is measured too and exported. */
  inferenceEncoder(weights: Weights<W>, buffers: Buffers<B>, config: Config): InferenceEncoder;
}

/** Checks an architecture's types where it is written. Returns it with its names widened, for the trainer. */
export function defineArchitecture<Config extends BaseConfig, W extends string, B extends string = never>(
  architecture: Architecture<Config, W, B>,
): Architecture {
  return architecture as unknown as Architecture;
}
