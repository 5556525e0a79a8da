import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { batchTopK, decode, decodeBands, detach, squaredErrors } from '#engine/ops';
import { baseFields, defineArchitecture, type Weights } from '../architecture.ts';
import { followFrequencies, mostFrequentFirst } from '../parts/frequencies.ts';
import { full, initialWeights } from '../parts/init.ts';
import { linearPowers, thresholdPower } from '../parts/input-scaling.ts';
import { deadLatentLoss } from '../parts/losses.ts';
import { areNested, notNested, prefixes } from '../parts/prefixes.ts';
import { type Rescaled, rescaled } from '../parts/rescale.ts';
import { followThreshold, thresholded } from '../parts/thresholds.ts';

const config = z
  .strictObject({
    ...baseFields,
    /** Active latents of a sample, on average over the batch. May be a fraction. */
    k: z.number().positive(),
    /** Decreasing k: from `initial_k` linearly to `k` over so many steps, or over that share of the run. */
    initial_k: z.number().positive().nullable().default(null),
    transition_k_duration_steps: z.number().int().positive().nullable().default(null),
    transition_k_duration_fraction: z.number().positive().max(1).nullable().default(null),
    /** LISTA: so many steps of size eta correct the pre-activations by what the codes leave over. */
    n_refinement_steps: z.number().int().nonnegative().default(1),
    eta: z.number().default(0.3),
    learnable_eta: z.boolean().default(false),
    matryoshka_widths: z.array(z.number().int().positive()).default([]),
    /** Each level trains its own band only: what smaller prefixes reconstruct is held fixed. */
    detach_matryoshka_losses: z.boolean().default(true),
    skip_final_matryoshka_width: z.boolean().default(true),
    inner_loss_coefficient: z.number().nonnegative().default(1),
    include_outer_loss: z.boolean().default(true),
    /** Prefixes take the latents by firing frequency, most frequent first. */
    use_frequency_sorted_matryoshka: z.boolean().default(false),
    firing_frequency_ema_decay: z.number().min(0).max(1).default(0.99),
    /** TERM: samples that are reconstructed badly weigh more; 0 is the mean. */
    term_tilt: z.number().nonnegative().default(0),
    /** Losses compare with x - b_dec, as published, although the reconstruction adds b_dec; false compares with x. */
    target_without_b_dec: z.boolean().default(true),
    aux_loss_coefficient: z.number().nonnegative().default(1),
    rescale_acts_by_decoder_norm: z.boolean().default(true),
    topk_threshold_lr: z.number().min(0).max(1).default(0.01),
  })
  .refine(areNested, notNested);
type Config = z.infer<typeof config>;
type Names = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec' | 'eta';

export default defineArchitecture<Config, Names, 'topk_thresholds' | 'frequencies' | 'k'>({
  summary: 'LISTA-Matryoshka with decreasing k (chanind, claude-auto-research-synthsaebench, 2026)',
  config,

  init(config, random) {
    const eta = full(config.n_refinement_steps, config.eta);
    return { ...initialWeights(config, random), ...(config.learnable_eta && { eta }) } as Record<
      Names,
      typeof eta
    >;
  },
  buffers: (config) => ({
    topk_thresholds: new Float64Array(config.n_refinement_steps + 1),
    // A negative entry: nothing counted yet.
    frequencies: new Float64Array(config.use_frequency_sorted_matryoshka ? config.d_sae : 0).fill(-1),
    k: Float64Array.of(config.initial_k ?? config.k),
  }),
  inputScaling: (config) => ({
    powers: { ...linearPowers, eta: 0, topk_thresholds: thresholdPower(config), frequencies: 0, k: 0 },
  }),

  trainingPass({ x, weights, buffers, config, step, trainingSteps, dead }) {
    const { b_dec } = weights;
    const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
    buffers.k[0] = kAt(step, trainingSteps, config);
    const { hiddenPre, stages } = refine(sae, weights, config, tf.sub(x, b_dec), buffers.k[0]);
    const acts = stages[stages.length - 1];
    for (const [t, z] of stages.entries()) {
      followThreshold(buffers.topk_thresholds, t, z, config.topk_threshold_lr);
    }

    let order: Uint32Array | undefined;
    if (config.use_frequency_sorted_matryoshka) {
      followFrequencies(buffers.frequencies, acts, config.firing_frequency_ema_decay);
      order = mostFrequentFirst(buffers.frequencies);
    }
    const { widths, bandOf } = prefixes(config.matryoshka_widths, config.d_sae, order);
    const parts = decodeBands(acts, sae.W_dec, bandOf, widths.length);
    const recon = tf.add(tf.addN(parts), b_dec);

    const target = config.target_without_b_dec ? tf.sub(x, b_dec) : x;
    const loss = (recon: tf.Tensor) => tiltedMean(squaredErrors(recon, target), config.term_tilt);
    const losses: Record<string, tf.Tensor> = {};
    if (config.include_outer_loss) {
      losses.mse_loss = loss(recon);
      const revival = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(target, recon), dead);
      losses.auxiliary_reconstruction_loss = tf.mul(config.aux_loss_coefficient, revival);
    }
    let inner: tf.Tensor = tf.scalar(0);
    let prefix: tf.Tensor = b_dec;
    const levels = config.skip_final_matryoshka_width ? parts.slice(0, -1) : parts;
    for (const [level, part] of levels.entries()) {
      if (config.detach_matryoshka_losses && level > 0) prefix = detach(prefix);
      prefix = tf.add(prefix, part);
      inner = tf.add(inner, loss(prefix));
    }
    losses.inner_recons_loss = tf.mul(config.inner_loss_coefficient, inner);
    return { hiddenPre, acts, recon, losses };
  },

  batchEncoder(weights, buffers, config) {
    const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
    return {
      encode(x) {
        const { stages } = refine(sae, weights, config, tf.sub(x, weights.b_dec), buffers.k[0]);
        return stages[stages.length - 1];
      },
      W_dec: sae.W_dec,
      b_dec: weights.b_dec,
    };
  },

  /** The same refinement with a threshold for each stage, in the units of the weights as they are. */
  inferenceEncoder(weights, buffers, config) {
    const { W_enc, b_enc, W_dec, b_dec } = weights;
    const norms = config.rescale_acts_by_decoder_norm ? tf.norm(W_dec, 2, 1) : tf.ones([config.d_sae]);
    // One for each stage; of an SAE that SAELens saved, one for each latent as well.
    const stages = tf.tensor(Float32Array.from(buffers.topk_thresholds), [
      config.n_refinement_steps + 1,
      buffers.topk_thresholds.length / (config.n_refinement_steps + 1),
    ]);
    const thresholds = tf.div(stages, norms);
    const eta = weights.eta ?? tf.fill([config.n_refinement_steps], config.eta);
    return {
      architecture: 'lista_matryoshka_decreasingk',
      fields: { n_refinement_steps: config.n_refinement_steps },
      weights: { W_enc, b_enc, W_dec, b_dec, eta, thresholds },
      encode(x) {
        const u = tf.sub(x, b_dec);
        let h: tf.Tensor = tf.add(tf.matMul(u, W_enc), b_enc);
        let z = thresholded(h, tf.slice(thresholds, [0, 0], [1, -1]));
        for (let t = 0; t < config.n_refinement_steps; t++) {
          const residual = tf.sub(u, decode(z, W_dec));
          h = tf.add(h, tf.mul(tf.slice(eta, [t], [1]), tf.matMul(residual, W_enc)));
          z = thresholded(h, tf.slice(thresholds, [t + 1, 0], [1, -1]));
        }
        return z;
      },
      W_dec,
      b_dec,
    };
  },
});

/** k in force at a step: linear from `initial_k` to `k`, then `k`. */
function kAt(step: number, trainingSteps: number, config: Config): number {
  const { k, initial_k, transition_k_duration_steps, transition_k_duration_fraction } = config;
  const duration =
    transition_k_duration_steps ??
    (transition_k_duration_fraction === null
      ? null
      : Math.max(1, Math.floor(trainingSteps * transition_k_duration_fraction)));
  if (initial_k === null || duration === null || step >= duration) return k;
  return initial_k + ((k - initial_k) * step) / duration;
}

/**
 * h_0 = u·W_enc + b_enc, then h_{t+1} = h_t + eta_t (u - z_t·W_dec)·W_enc with z_t = BatchTopK(h_t): a gradient step of
 * sparse coding, unrolled, with the encoder in the decoder's place.
 * Source: Gregor & LeCun 2010, "Learning fast approximations of sparse coding".
 */
function refine(
  sae: Rescaled,
  weights: Partial<Weights<'eta'>>,
  config: Config,
  u: tf.Tensor,
  k: number,
): { hiddenPre: tf.Tensor; stages: tf.Tensor[] } {
  let hiddenPre = sae.encode(u);
  const stages = [batchTopK(hiddenPre, k)];
  for (let t = 0; t < config.n_refinement_steps; t++) {
    const residual = tf.sub(u, decode(stages[t], sae.W_dec));
    const eta = weights.eta ? tf.slice(weights.eta, [t], [1]) : config.eta;
    hiddenPre = tf.add(hiddenPre, sae.project(tf.mul(residual, eta)));
    stages.push(batchTopK(hiddenPre, k));
  }
  return { hiddenPre, stages };
}

/**
 * Mean weighted by softmax(tilt · error / mean error), the weights held fixed.
 * Source: Li et al. 2021, "Tilted Empirical Risk Minimization", arXiv 2007.01162.
 */
function tiltedMean(errors: tf.Tensor, tilt: number): tf.Tensor {
  if (tilt <= 0) return tf.mean(errors);
  const fixed = detach(errors);
  const weights = tf.softmax(tf.mul(tilt, tf.div(fixed, tf.mean(fixed))) as tf.Tensor1D);
  return tf.sum(tf.mul(weights, errors));
}
