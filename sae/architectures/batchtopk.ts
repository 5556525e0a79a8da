import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decode } from '#engine/ops';
import { baseFields, defineArchitecture } from '../architecture.ts';
import {
  type BatchTopKBuffers,
  type BatchTopKWeights,
  batchTopKFamily,
  batchTopKFields,
  batchTopKForward,
} from '../parts/batchtopk.ts';
import { deadLatentLoss, reconstructionLoss } from '../parts/losses.ts';

const config = z.strictObject({ ...baseFields, ...batchTopKFields });

export default defineArchitecture<z.infer<typeof config>, BatchTopKWeights, BatchTopKBuffers>({
  ...batchTopKFamily,
  summary: 'BatchTopK: the k·batch largest activations of a batch (Bussmann et al. 2024, arXiv 2412.06410)',
  config,

  trainingPass(pass) {
    const { x, weights, config, dead } = pass;
    const { sae, hiddenPre, acts } = batchTopKForward(pass);
    const recon = tf.add(decode(acts, sae.W_dec), weights.b_dec);
    const aux = deadLatentLoss(hiddenPre, sae.W_dec, tf.sub(x, recon), dead);
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
});
