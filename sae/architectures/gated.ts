import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decode, detach, encode, rowNorms } from '#engine/ops';
import { factorOf } from '#engine/step-scalar';
import { baseFields, defineArchitecture, type Encoder, type Weights } from '../architecture.ts';
import { initialWeights, zeros } from '../parts/init.ts';
import { reconstructionLoss, reductionFields } from '../parts/losses.ts';
import { stepsOf, warmedUp } from '../trainer/schedules.ts';

const config = z.strictObject({
  ...baseFields,
  ...reductionFields,
  /** Weight of the L1 penalty on the gate. */
  l1_coefficient: z.number().nonnegative().default(1),
  /** Steps over which the coefficient rises linearly from 0. */
  l1_warm_up_steps: z.number().int().nonnegative().default(0),
  /** The same as a share of the run; comes before the steps. */
  l1_warm_up_fraction: z.number().min(0).max(1).nullable().default(null),
});
type Names = 'W_enc' | 'W_dec' | 'b_dec' | 'b_gate' | 'r_mag' | 'b_mag';

export default defineArchitecture<z.infer<typeof config>, Names>({
  summary:
    'Gated: one path decides which latents fire, another how much (Rajamanoharan et al. 2024, arXiv 2404.16014)',
  config,
  inputScaling: () => ({ powers: { W_enc: 1, W_dec: -1, b_dec: -1, b_gate: 0, r_mag: 0, b_mag: 0 } }),
  init(config, random) {
    const { W_enc, W_dec, b_dec } = initialWeights(config, random);
    const { d_sae } = config;
    return { W_enc, W_dec, b_dec, b_gate: zeros(d_sae), r_mag: zeros(d_sae), b_mag: zeros(d_sae) };
  },

  trainingPass({ x, weights, config, schedule, trainingSteps, multiplier }) {
    const { W_dec, b_dec } = weights;
    const { gate, magnitude, acts } = paths(tf.sub(x, b_dec), weights);
    const recon = tf.add(decode(acts, W_dec), b_dec);
    // The gate's own activations must reconstruct x too: nothing else gives the gate a gradient. As in
    // SAELens, the decoder learns from this loss (the paper freezes it), and the penalty includes its norms
    // (the paper fixes them at 1).
    const open = tf.relu(gate);
    const gateRecon = tf.add(decode(open, W_dec), b_dec);
    const warmUp = stepsOf(config.l1_warm_up_fraction, config.l1_warm_up_steps, trainingSteps);
    const full = config.l1_coefficient;
    const coefficient = schedule((step) => multiplier * warmedUp(full, warmUp, step), multiplier * full);
    return {
      hiddenPre: magnitude,
      acts,
      recon,
      losses: {
        mse_loss: reconstructionLoss(recon, x, config),
        l1_loss: tf.mul(factorOf(coefficient), tf.mean(tf.sum(tf.mul(open, rowNorms(W_dec)), 1))),
        auxiliary_reconstruction_loss: reconstructionLoss(gateRecon, x, config),
      },
    };
  },

  batchEncoder: encoder,
  inferenceEncoder: (weights) => ({ architecture: 'gated', weights, ...encoder(weights) }),
});

function encoder(weights: Weights<Names>): Encoder {
  const { W_dec, b_dec } = weights;
  return { encode: (x) => paths(tf.sub(x, b_dec), weights).acts, W_dec, b_dec };
}

/** Gate and magnitude share W_enc, each with its own bias; r_mag rescales the magnitude's columns. */
function paths(u: tf.Tensor, { W_enc, b_gate, r_mag, b_mag }: Weights<Names>) {
  const gate = encode(u, W_enc, b_gate);
  const magnitude = encode(u, tf.mul(W_enc, tf.exp(r_mag)), b_mag);
  const isOpen = tf.cast(tf.greater(detach(gate), 0), 'float32');
  return { gate, magnitude, acts: tf.mul(isOpen, tf.relu(magnitude)) };
}
