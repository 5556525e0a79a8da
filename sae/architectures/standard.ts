import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decode, encode, rowNorms } from '#engine/ops';
import { factorOf } from '#engine/step-scalar';
import { baseFields, defineArchitecture, type Encoder, type Weights } from '../architecture.ts';
import { initialWeights } from '../parts/init.ts';
import { linearPowers } from '../parts/input-scaling.ts';
import { reconstructionLoss, reductionFields } from '../parts/losses.ts';
import { stepsOf, warmedUp } from '../trainer/schedules.ts';

const config = z.strictObject({
  ...baseFields,
  ...reductionFields,
  /** Weight of the L1 penalty. */
  l1_coefficient: z.number().nonnegative().default(1),
  /** p of the penalty's norm; 1: L1. */
  lp_norm: z.number().positive().default(1),
  /** Steps over which the coefficient rises linearly from 0. */
  l1_warm_up_steps: z.number().int().nonnegative().default(0),
  /** The same as a share of the run; comes before the steps. */
  l1_warm_up_fraction: z.number().min(0).max(1).nullable().default(null),
});
type Names = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec';

export default defineArchitecture<z.infer<typeof config>, Names>({
  summary: 'Standard: relu with an L1 penalty on activations times decoder norms (Conerly et al. 2024)',
  config,
  init: initialWeights,
  inputScaling: () => ({ powers: linearPowers }),

  trainingPass({ x, weights, config, schedule, trainingSteps, multiplier }) {
    const { W_dec, b_dec } = weights;
    const hiddenPre = encode(tf.sub(x, b_dec), weights.W_enc, weights.b_enc);
    const acts = tf.relu(hiddenPre);
    const recon = tf.add(decode(acts, W_dec), b_dec);
    const warmUp = stepsOf(config.l1_warm_up_fraction, config.l1_warm_up_steps, trainingSteps);
    const full = config.l1_coefficient;
    const coefficient = schedule((step) => multiplier * warmedUp(full, warmUp, step), multiplier * full);
    const penalty = lpNorms(tf.mul(acts, rowNorms(W_dec)), config.lp_norm);
    return {
      hiddenPre,
      acts,
      recon,
      losses: {
        mse_loss: reconstructionLoss(recon, x, config),
        l1_loss: tf.mul(factorOf(coefficient), tf.mean(penalty)),
      },
    };
  },

  batchEncoder: encoder,
  inferenceEncoder: (weights) => ({ architecture: 'standard', weights, ...encoder(weights) }),
});

function encoder({ W_enc, b_enc, W_dec, b_dec }: Weights<Names>): Encoder {
  return { encode: (x) => tf.relu(encode(tf.sub(x, b_dec), W_enc, b_enc)), W_dec, b_dec };
}

/** (Σ_i v_i^p)^(1/p) of every row of non-negative numbers. */
function lpNorms(values: tf.Tensor, p: number): tf.Tensor {
  if (p === 1) return tf.sum(values, 1);
  return tf.pow(tf.sum(tf.pow(values, p), 1), 1 / p);
}
