import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { baseFields, defineArchitecture } from '../architecture.ts';
import {
  type BatchTopKBuffers,
  type BatchTopKWeights,
  batchTopKFamily,
  batchTopKFields,
  batchTopKForward,
} from '../parts/batchtopk.ts';
import { refinedThresholdEncoder } from '../parts/batchtopk-encoders.ts';
import { deadLatentLoss, reconstructionLosses } from '../parts/losses.ts';
import {
  areNested,
  frequencyBuffer,
  matryoshkaFields,
  nestedReconstructions,
  notNested,
} from '../parts/matryoshka.ts';

const config = z
  .strictObject({
    ...baseFields,
    ...batchTopKFields,
    ...matryoshkaFields,
    // The published defaults of this class.
    n_refinement_steps: batchTopKFields.n_refinement_steps.unwrap().default(1),
    detach_matryoshka_losses: matryoshkaFields.detach_matryoshka_losses.unwrap().default(true),
    /** Leaves the whole dictionary out of the inner losses: the outer loss has it. */
    skip_final_matryoshka_width: z.boolean().default(true),
    /** Includes the losses of the whole dictionary and of dead latents; false: inner losses only. */
    include_outer_loss: z.boolean().default(true),
    /** Compares reconstructions with x - b_dec, as published, although they include b_dec; false: with x. */
    target_without_b_dec: z.boolean().default(true),
  })
  .refine(areNested, notNested);

type Config = z.infer<typeof config>;

export default defineArchitecture<Config, BatchTopKWeights, BatchTopKBuffers | 'frequencies'>({
  ...batchTopKFamily,
  summary: 'LISTA-Matryoshka with decreasing k (chanind, claude-auto-research-synthsaebench, 2026)',
  config,
  buffers: (config) => ({ ...batchTopKFamily.buffers(config), frequencies: frequencyBuffer(config) }),
  inputScaling: (config) => ({
    powers: { ...batchTopKFamily.inputScaling(config).powers, frequencies: 0 },
  }),

  trainingPass(pass) {
    const { x, weights, buffers, config, dead } = pass;
    const { b_dec } = weights;
    const { sae, hiddenPre, acts } = batchTopKForward(pass);
    const { recon, prefixes } = nestedReconstructions(acts, sae.W_dec, b_dec, buffers, config);

    const target = config.target_without_b_dec ? tf.sub(x, b_dec) : x;
    const inner = config.skip_final_matryoshka_width ? prefixes.slice(0, -1) : prefixes;
    const outer = config.include_outer_loss ? [recon] : [];
    const terms = reconstructionLosses([...outer, ...inner], target, config);
    const losses: Record<string, tf.Tensor> = {};
    if (config.include_outer_loss) {
      losses.mse_loss = terms[0];
      const aux = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(target, recon), dead);
      losses.auxiliary_reconstruction_loss = tf.mul(config.aux_loss_coefficient, aux);
    }
    const innerTerms = terms.slice(outer.length);
    const sum = innerTerms.reduce((total, term) => tf.add(total, term), tf.scalar(0) as tf.Tensor);
    losses.inner_recons_loss = tf.mul(config.inner_loss_coefficient, sum);
    return { hiddenPre, acts, recon, losses };
  },

  /** As published: with thresholds for each stage, also where there is no refinement step. */
  inferenceEncoder: refinedThresholdEncoder,
});
