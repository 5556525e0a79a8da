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
    /** Lets the dead latents of each band learn from the residual of their own prefix. */
    use_matryoshka_aux_loss: z.boolean().default(false),
  })
  .refine(areNested, notNested);

type Config = z.infer<typeof config>;

export default defineArchitecture<Config, BatchTopKWeights, BatchTopKBuffers | 'frequencies'>({
  ...batchTopKFamily,
  summary: 'Matryoshka BatchTopK: nested prefixes reconstruct too (Bussmann et al. 2025, arXiv 2503.17547)',
  config,
  buffers: (config) => ({ ...batchTopKFamily.buffers(config), frequencies: frequencyBuffer(config) }),
  inputScaling: (config) => ({
    powers: { ...batchTopKFamily.inputScaling(config).powers, frequencies: 0 },
  }),

  trainingPass(pass) {
    const { x, weights, buffers, config, dead } = pass;
    const { sae, hiddenPre, acts } = batchTopKForward(pass);
    const nested = nestedReconstructions(acts, sae.W_dec, weights.b_dec, buffers, config);
    const { recon, widths, bandOf, prefixes } = nested;

    const losses: Record<string, tf.Tensor> = {};
    const inner = prefixes.slice(0, -1);
    const terms = reconstructionLosses([...inner, recon], x, config);
    for (const level of inner.keys())
      losses[`inner_mse_loss_${widths[level]}`] = tf.mul(config.inner_loss_coefficient, terms[level]);
    losses.mse_loss = terms[inner.length];

    let aux: tf.Tensor = tf.scalar(0);
    if (config.use_matryoshka_aux_loss && dead) {
      for (const [level, prefix] of prefixes.entries()) {
        const deadInBand = dead.map((isDead, i) => (isDead && bandOf[i] === level ? 1 : 0));
        aux = tf.add(aux, deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(x, prefix), deadInBand));
      }
    } else {
      aux = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(x, recon), dead);
    }
    losses.auxiliary_reconstruction_loss = tf.mul(config.aux_loss_coefficient, aux);
    return { hiddenPre, acts, recon, losses };
  },
});
