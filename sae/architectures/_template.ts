import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { baseFields, defineArchitecture, type Weights } from '../architecture.ts';
import { initialWeights } from '../parts/init.ts';
import { linearPowers } from '../parts/input-scaling.ts';

/*
 * A template in plain tfjs. `npm run new -- <name>` copies it to <name>.ts, with a test and an experiment;
 * files that begin with _ are ignored. This one has relu activations with a penalty on their square roots,
 * which weighs most on small activations.
 */

const config = z.strictObject({
  ...baseFields,
  /** Weight of the penalty. */
  sparsity_coefficient: z.number().nonnegative().default(0.3),
});
type Names = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec';

export default defineArchitecture<z.infer<typeof config>, Names>({
  summary: 'Template: relu with a square-root penalty (cite where it comes from)',
  config,
  init: initialWeights,
  inputScaling: () => ({ powers: linearPowers }),

  trainingPass({ x, weights, config, multiplier }) {
    const hiddenPre = preActivations(x, weights);
    const acts = tf.relu(hiddenPre);
    const recon = tf.add(tf.matMul(acts, weights.W_dec), weights.b_dec);
    // The slope of sqrt at 0 is infinite, so the penalty is shifted.
    const penalty = tf.sum(tf.sub(tf.sqrt(tf.add(acts, 0.01)), 0.1), 1);
    return {
      hiddenPre,
      acts,
      recon,
      losses: {
        mse_loss: tf.mean(tf.sum(tf.squaredDifference(recon, x), 1)),
        sparsity_loss: tf.mul(config.sparsity_coefficient * multiplier, tf.mean(penalty)),
      },
    };
  },

  batchEncoder: (weights) => ({
    encode: (x) => tf.relu(preActivations(x, weights)),
    W_dec: weights.W_dec,
    b_dec: weights.b_dec,
  }),

  /**
   * `architecture` is SAELens' name of this encoder: its `standard` encodes in the same way. Where yours does
   * not, take the name and weights of one that does, or a name of your own (README.md, "SAELens").
   */
  inferenceEncoder: (weights) => ({
    architecture: 'standard',
    weights,
    encode: (x) => tf.relu(preActivations(x, weights)),
    W_dec: weights.W_dec,
    b_dec: weights.b_dec,
  }),
});

function preActivations(x: tf.Tensor, { W_enc, b_enc, b_dec }: Weights<Names>): tf.Tensor {
  return tf.add(tf.matMul(tf.sub(x, b_dec), W_enc), b_enc);
}
