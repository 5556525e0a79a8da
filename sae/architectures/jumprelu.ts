import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Tensor32 } from '#contract/safetensors';
import { detach, encode, jumpRelu, rowNorms, stepCount, thresholded } from '#engine/ops';
import { factorOf } from '#engine/step-scalar';
import { baseFields, defineArchitecture, type Encoder, type Weights } from '../architecture.ts';
import { full, initialWeights } from '../parts/init.ts';
import { linearPowers } from '../parts/input-scaling.ts';
import { reconstructionLoss, reductionFields } from '../parts/losses.ts';
import { stepsOf, warmedUp } from '../trainer/schedules.ts';

const config = z.strictObject({
  ...baseFields,
  ...reductionFields,
  /** Initial threshold of every latent. */
  jumprelu_init_threshold: z.number().positive().default(0.01),
  /**
   * Trains the logarithms of the thresholds, as published and as in SAELens up to 6.38. Adam then moves a
   * threshold in proportion to itself: one of 0.01 stays small while activations grow, and all latents fire
   * at any coefficient.
   */
  jumprelu_train_log_threshold: z.boolean().default(false),
  /** Width of the interval around a threshold in which it gets a gradient. */
  jumprelu_bandwidth: z.number().positive().default(0.05),
  /**
   * step: the L0 itself, with gradients to thresholds only; tanh: a smooth L0, with gradients to activations.
   */
  jumprelu_sparsity_loss_mode: z.enum(['step', 'tanh']).default('step'),
  /** Factor inside the tanh of the smooth L0. */
  jumprelu_tanh_scale: z.number().positive().default(4),
  /** Weight of the L0 loss. */
  l0_coefficient: z.number().nonnegative().default(1),
  /** Steps over which the coefficient rises linearly from 0. */
  l0_warm_up_steps: z.number().int().nonnegative().default(0),
  /** The same as a share of the run; comes before the steps. */
  l0_warm_up_fraction: z.number().min(0).max(1).nullable().default(null),
  /** Weight of a loss that raises the pre-activations of dead latents to their thresholds; null: none. */
  pre_act_loss_coefficient: z.number().nonnegative().nullable().default(null),
});
/** `log_threshold` where logarithms are trained, else `threshold`. */
type Names = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec' | 'threshold' | 'log_threshold';

export default defineArchitecture<z.infer<typeof config>, Names>({
  summary: 'JumpReLU: a trained threshold for each latent (Rajamanoharan et al. 2024, arXiv 2407.14435)',
  config,
  init(config, random) {
    const { d_sae, jumprelu_init_threshold: first, jumprelu_train_log_threshold } = config;
    const threshold: Partial<Record<Names, Tensor32>> = jumprelu_train_log_threshold
      ? { log_threshold: full(d_sae, Math.log(first)) }
      : { threshold: full(d_sae, first) };
    return { ...initialWeights(config, random), ...threshold } as Record<Names, Tensor32>;
  },
  inputScaling: () => ({ powers: { ...linearPowers, threshold: 0, log_threshold: 0 } }),

  trainingPass({ x, weights, config, schedule, trainingSteps, dead, multiplier }) {
    const { W_dec, b_dec } = weights;
    const theta = thresholdOf(weights);
    const hiddenPre = encode(tf.sub(x, b_dec), weights.W_enc, weights.b_enc);
    const acts = jumpRelu(hiddenPre, theta, config.jumprelu_bandwidth);
    // Not `decode`, which has no gradient where activations are 0: thresholds have one there.
    const recon = tf.add(tf.matMul(acts, W_dec), b_dec);
    const warmUp = stepsOf(config.l0_warm_up_fraction, config.l0_warm_up_steps, trainingSteps);
    const full = config.l0_coefficient;
    const coefficient = schedule((step) => multiplier * warmedUp(full, warmUp, step), multiplier * full);
    const counted =
      config.jumprelu_sparsity_loss_mode === 'step'
        ? stepCount(hiddenPre, theta, config.jumprelu_bandwidth)
        : tf.tanh(tf.mul(config.jumprelu_tanh_scale, tf.mul(acts, rowNorms(W_dec))));
    const losses: Record<string, tf.Tensor> = {
      mse_loss: reconstructionLoss(recon, x, config),
      l0_loss: tf.mul(factorOf(coefficient), tf.mean(tf.sum(counted, 1))),
    };
    if (config.pre_act_loss_coefficient !== null) {
      const below = tf.mul(tf.relu(tf.sub(theta, hiddenPre)), rowNorms(W_dec));
      const isDead = Float32Array.from(dead ?? new Uint8Array(config.d_sae));
      const ofDead = tf.mul(below, tf.tensor(isDead));
      losses.pre_act_loss = tf.mul(config.pre_act_loss_coefficient, tf.mean(tf.sum(ofDead, 1)));
    }
    return { hiddenPre, acts, recon, losses };
  },

  batchEncoder: encoder,
  inferenceEncoder(weights) {
    const { W_enc, b_enc, W_dec, b_dec } = weights;
    return {
      architecture: 'jumprelu',
      weights: { W_enc, b_enc, W_dec, b_dec, threshold: thresholdOf(weights) },
      ...encoder(weights),
    };
  },
});

/** The thresholds [d_sae], never negative, from whichever weight there is. */
function thresholdOf({ threshold, log_threshold }: Partial<Weights<Names>>): tf.Tensor {
  if (!threshold) return tf.exp(log_threshold as tf.Tensor);
  // A negative threshold counts as 0 but keeps its gradient, so that it can rise again.
  return tf.add(threshold, detach(tf.sub(tf.relu(threshold), threshold)));
}

function encoder(weights: Weights<Names>): Encoder {
  const { W_enc, b_enc, W_dec, b_dec } = weights;
  const threshold = thresholdOf(weights);
  return {
    encode: (x) => thresholded(encode(tf.sub(x, b_dec), W_enc, b_enc), threshold),
    W_dec,
    b_dec,
  };
}
