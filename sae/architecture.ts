import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Tensor32 } from '#contract/safetensors';
import type { StepNumber } from '#engine/step-numbers';

/**
 * Weights by SAELens' names and layouts: W_enc [d_in, d_sae], b_enc [d_sae], W_dec [d_sae, d_in], b_dec
 * [d_in] ...
 */
export type Weights<Name extends string = string> = Record<Name, tf.Tensor>;

/** State that training updates but does not learn by gradients (thresholds, frequencies), in float64. */
export type Buffers<Name extends string = string> = Record<Name, Float64Array>;

/** Fields that every architecture has. Widths come from the data and the profile. */
export const baseFields = {
  /** Width of x. */
  d_in: z.number().int().positive(),
  /** Number of latents. */
  d_sae: z.number().int().positive(),
  /** Initial norm of every decoder row; null leaves the rows as drawn. */
  decoder_init_norm: z.number().positive().nullable().default(0.1),
};

export type BaseConfig = z.infer<z.ZodObject<typeof baseFields>>;

/** What one training pass is given. */
export interface PassInput<Config, W extends string, B extends string> {
  /** Inputs [batch, d_in]. Training knows nothing else of the data. */
  x: tf.Tensor;
  /** The weights of `init`, which get gradients. */
  weights: Weights<W>;
  /** The buffers, which the pass may update. */
  buffers: Buffers<B>;
  /** The architecture's config. */
  config: Config;
  /** The step, from 0. */
  step: number;
  /** Steps of the run for schedules: floor(samples / batch). */
  trainingSteps: number;
  /**
   * [d_sae], 1 for each dead latent: one that has not fired within the window. Null if none is dead; on a GPU
   * none may be dead in an array that is not null.
   */
  dead: Uint8Array | null;
  /**
   * A number that follows a schedule, by a function of the step alone, and the largest that it becomes. A GPU
   * can replay a step whose numbers change by schedules, but not one that reads `step`.
   */
  schedule(at: (step: number) => number, most: number): StepNumber;
  /** Factor on the sparsity coefficient: from the L0 autotuner, else 1. */
  multiplier: number;
}

/** What one training pass returns. */
export interface PassOutput {
  /** Pre-activations [batch, d_sae]. */
  hiddenPre: tf.Tensor;
  /** Activations [batch, d_sae]; a latent fires where its activation is not 0. */
  acts: tf.Tensor;
  /** Reconstruction of x [batch, d_in]. */
  recon: tf.Tensor;
  /** Scalars by name; training minimises their sum. */
  losses: Record<string, tf.Tensor>;
}

/** A trained SAE, without gradients: `encode(x) · W_dec + b_dec` reconstructs x [batch, d_in]. */
export interface Encoder {
  /** The activations [batch, d_sae] of x [batch, d_in]. */
  encode(x: tf.Tensor): tf.Tensor;
  /** Decoder [d_sae, d_in]. */
  W_dec: tf.Tensor;
  /** Decoder bias [d_in]. */
  b_dec: tf.Tensor;
}

/** The SAE for inference: it encodes every sample by itself. `weights` are what SAELens would save. */
export interface InferenceEncoder extends Encoder {
  /** SAELens' name of this encoder: `jumprelu` for a trained BatchTopK. */
  architecture: string;
  /** Its weights, as SAELens saves them. */
  weights: Weights;
  /** Fields that SAELens' config of it needs beside the sizes. */
  fields?: Record<string, number | boolean | null>;
}

/**
 * How an SAE's numbers change when a factor on x is folded into them: each is multiplied by factor^power.
 * Training may scale x (`normalize_activations`). The trained SAE must then encode x itself, with the same
 * codes in units of decoder rows of norm 1.
 */
export interface InputScaling<Config, Name extends string> {
  /** The power for each weight and each buffer; 0 for one that does not depend on the unit of x. */
  powers: Record<Name, number>;
  /** The power for each field of the config that depends on the unit of x. */
  configPowers?: Partial<Record<keyof Config, number>>;
}

/**
 * An SAE architecture: the default export of a file in `architectures/`, which gives it its name. The trainer
 * knows nothing else of it.
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
  /** Initial weights by name; `random` draws uniform numbers in [0, 1). All weights are trained. */
  init(config: Config, random: () => number): Record<W, Tensor32>;
  /** Initial buffers by name. */
  buffers?(config: Config): Buffers<B>;
  /** How weights, buffers and fields change with the unit of x. */
  inputScaling(config: Config): InputScaling<Config, W | B>;
  /** One training pass: the forward pass and its losses, with gradients to `weights`; updates `buffers`. */
  trainingPass(pass: PassInput<Config, W, B>): PassOutput;
  /** The encoder that is judged. It encodes as training does: a selection may look at the whole batch. */
  batchEncoder(weights: Weights<W>, buffers: Buffers<B>, config: Config): Encoder;
  /**
   * An encoder of single samples, by thresholds for example. It is measured beside the other, and exported.
   */
  inferenceEncoder(weights: Weights<W>, buffers: Buffers<B>, config: Config): InferenceEncoder;
}

/**
 * Checks an architecture's types where it is written. Returns it with plain strings as names, for the
 * trainer.
 */
export function defineArchitecture<Config extends BaseConfig, W extends string, B extends string = never>(
  architecture: Architecture<Config, W, B>,
): Architecture {
  return architecture as unknown as Architecture;
}
