import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decodeBands, detach } from '#engine/ops';
import { bandsByRank } from '#engine/tracking';
import type { Buffers } from '../architecture.ts';
import { orderByFrequency, updateFrequencies } from './firing-frequencies.ts';

/** Fields of Matryoshka reconstructions: nested prefixes of the dictionary must reconstruct too. */
export const matryoshkaFields = {
  /** Widths of the prefixes; the whole dictionary is added where it is missing. */
  matryoshka_widths: z.array(z.number().int().positive()).default([]),
  /** Makes the smaller prefixes' reconstruction a constant: each inner loss then trains its own band only. */
  detach_matryoshka_losses: z.boolean().default(false),
  /** Weight of the inner losses, those of the prefixes. */
  inner_loss_coefficient: z.number().nonnegative().default(1),
  /** Fills the prefixes by firing frequency, the most frequent latents first; false: by index. */
  use_frequency_sorted_matryoshka: z.boolean().default(false),
  /** Decay of the exponential average that measures these frequencies. */
  firing_frequency_ema_decay: z.number().min(0).max(1).default(0.99),
};
type MatryoshkaConfig = z.infer<z.ZodObject<typeof matryoshkaFields>> & { d_sae: number };

/** A dictionary cut into bands: prefix j is the bands 0 to j together. */
export interface Prefixes {
  /** Widths of the prefixes, the whole dictionary last. */
  widths: number[];
  /** The band of each latent. */
  bandOf: Uint8Array;
}

/** What the prefixes reconstruct, each [batch, d_in]. */
export interface NestedReconstructions extends Prefixes {
  /**
   * The reconstruction of each prefix, the whole dictionary last, with the gradients that inner losses are to
   * have.
   */
  prefixes: tf.Tensor[];
  /** The reconstruction of the whole dictionary, with gradients to all bands. */
  recon: tf.Tensor;
}

/**
 * The buffer `frequencies` [d_sae], or empty where the prefixes go by index. Negative: nothing was counted
 * yet.
 */
export const frequencyBuffer = (config: MatryoshkaConfig): Float64Array =>
  new Float64Array(config.use_frequency_sorted_matryoshka ? config.d_sae : 0).fill(-1);

/**
 * Decodes activations [batch, d_sae] prefix by prefix, at the cost of one decode. Updates the firing
 * frequencies first.
 */
export function nestedReconstructions(
  acts: tf.Tensor,
  W_dec: tf.Tensor,
  b_dec: tf.Tensor,
  { frequencies }: Buffers<'frequencies'>,
  config: MatryoshkaConfig,
): NestedReconstructions {
  const { matryoshka_widths, d_sae } = config;
  let prefixesNow: Prefixes;
  if (config.use_frequency_sorted_matryoshka) {
    updateFrequencies(frequencies, acts, config.firing_frequency_ema_decay);
    prefixesNow = prefixesByFrequency(matryoshka_widths, d_sae, frequencies);
  } else prefixesNow = prefixesOf(matryoshka_widths, d_sae);
  const { widths, bandOf } = prefixesNow;
  const bands = decodeBands(acts, W_dec, bandOf, widths.length);
  let sum = b_dec;
  const prefixes = bands.map((band, level) => {
    if (config.detach_matryoshka_losses && level > 0) sum = detach(sum);
    sum = tf.add(sum, band);
    return sum;
  });
  const recon = config.detach_matryoshka_losses ? tf.add(tf.addN(bands), b_dec) : sum;
  return { widths, bandOf, prefixes, recon };
}

/**
 * The prefixes of those widths, the whole dictionary last. `order` lists the latents as the prefixes take
 * them; without it, they go by index. The widths must be nested (`areNested`).
 */
export function prefixesOf(widths: readonly number[], d_sae: number, order?: Uint32Array): Prefixes {
  const all = completed(widths, d_sae);
  const bandOf = new Uint8Array(d_sae);
  for (let rank = 0, band = 0; rank < d_sae; rank++) {
    if (rank === all[band]) band++;
    bandOf[order ? order[rank] : rank] = band;
  }
  return { widths: all, bandOf };
}

/** The prefixes with the most frequent latents first. */
function prefixesByFrequency(widths: readonly number[], d_sae: number, frequencies: Float64Array): Prefixes {
  const all = completed(widths, d_sae);
  const bandOf = bandsByRank(frequencies, all);
  return bandOf ? { widths: all, bandOf } : prefixesOf(widths, d_sae, orderByFrequency(frequencies));
}

/** `bandOf` is a byte for each latent. */
const MAX_BANDS = 256;

/**
 * For a config's `refine`: whether the widths increase strictly and end at or below d_sae, in at most 256
 * bands.
 */
export function areNested(config: { matryoshka_widths: number[]; d_sae: number }): boolean {
  const all = completed(config.matryoshka_widths, config.d_sae);
  return all.length <= MAX_BANDS && all.every((width, i) => i === 0 || width > all[i - 1]);
}

export const notNested = {
  path: ['matryoshka_widths'],
  message: 'must increase strictly and end at or below d_sae, in at most 256 levels',
};

const completed = (widths: readonly number[], d_sae: number): number[] =>
  widths.at(-1) === d_sae ? [...widths] : [...widths, d_sae];
