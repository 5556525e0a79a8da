import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decode, topK } from '#engine/ops';
import type { StepNumber } from '#engine/step-numbers';
import { type Architecture, baseFields, defineArchitecture } from '../architecture.ts';
import { initialWeights } from '../parts/init.ts';
import { linearPowers } from '../parts/input-scaling.ts';
import { kBuffer, kFields, kOfPass, presentK } from '../parts/k-schedule.ts';
import { deadLatentLoss, reconstructionLoss, reductionFields } from '../parts/losses.ts';
import { rescaled } from '../parts/rescale.ts';

const config = z.strictObject({
  ...baseFields,
  ...kFields,
  ...reductionFields,
  /** Weight of the loss that lets dead latents learn. */
  aux_loss_coefficient: z.number().nonnegative().default(1),
  /** Measures activations in units of their decoder rows' norms (parts/rescale.ts). */
  rescale_acts_by_decoder_norm: z.boolean().default(true),
});

type Config = z.infer<typeof config>;
type Names = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec';

/** How an SAE of this family selects k of each sample's pre-activations. */
export interface Choice {
  /** SAELens' name of the architecture. */
  architecture: string;
  /** One line for lists. */
  summary: string;
  /** The activations: k of each sample's pre-activations h [batch, d_sae], 0 elsewhere. */
  largest(h: tf.Tensor, k: StepNumber): tf.Tensor;
  /** 1 or -1 for each pre-activation [batch, d_sae]; absent where activations are never negative. */
  signsOf?(h: tf.Tensor): tf.Tensor;
}

export default topKOf({
  architecture: 'topk',
  summary: 'TopK: the k largest activations of each sample (Gao et al. 2024, arXiv 2406.04093)',
  largest: topK,
});

/** An SAE whose activations are k selected pre-activations of each sample. */
export function topKOf({ architecture, summary, largest, signsOf }: Choice): Architecture {
  return defineArchitecture<Config, Names, 'k'>({
    summary,
    config,
    init: initialWeights,
    buffers: (config) => ({ k: kBuffer(config) }),
    inputScaling: () => ({ powers: { ...linearPowers, k: 0 } }),

    trainingPass(pass) {
      const { x, weights, config, dead } = pass;
      const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
      const hiddenPre = sae.encode(tf.sub(x, weights.b_dec));
      const acts = largest(hiddenPre, kOfPass(pass, config));
      const recon = tf.add(decode(acts, sae.W_dec), weights.b_dec);
      const aux = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(x, recon), dead, signsOf?.(hiddenPre));
      return {
        hiddenPre,
        acts,
        recon,
        losses: {
          mse_loss: reconstructionLoss(recon, x, config),
          auxiliary_reconstruction_loss: tf.mul(config.aux_loss_coefficient, aux),
        },
      };
    },

    batchEncoder(weights, buffers, config) {
      const k = presentK(buffers, config);
      const sae = rescaled(weights, config.rescale_acts_by_decoder_norm);
      const { b_dec } = weights;
      return { encode: (x) => largest(sae.encode(tf.sub(x, b_dec)), k), W_dec: sae.W_dec, b_dec };
    },

    /** The same selection, with the decoder's norms folded into the weights. */
    inferenceEncoder(weights, buffers, config) {
      const k = presentK(buffers, config);
      const { folded, W_dec, encode } = rescaled(weights, config.rescale_acts_by_decoder_norm);
      const { W_enc, b_enc } = folded();
      const { b_dec } = weights;
      return {
        architecture,
        fields: { k: Math.floor(k), rescale_acts_by_decoder_norm: false },
        weights: { W_enc, b_enc, W_dec, b_dec },
        encode: (x) => largest(encode(tf.sub(x, b_dec)), k),
        W_dec,
        b_dec,
      };
    },
  });
}
