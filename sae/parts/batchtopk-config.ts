import { z } from 'zod';
import type { BaseConfig } from '../architecture.ts';
import { kFields } from './k-schedule.ts';
import { reductionFields } from './losses.ts';
import { refinementFields } from './refinement.ts';

/** Fields of every architecture that selects by BatchTopK. */
export const batchTopKFields = {
  ...kFields,
  ...refinementFields,
  ...reductionFields,
  /** Weight of the loss that lets dead latents learn. */
  aux_loss_coefficient: z.number().nonnegative().default(1),
  /** Measures activations in units of their decoder rows' norms (parts/rescale.ts). */
  rescale_acts_by_decoder_norm: z.boolean().default(true),
  /** Rate at which the thresholds for inference follow the selections of training. */
  topk_threshold_lr: z.number().min(0).max(1).default(0.01),
};
export type BatchTopKConfig = BaseConfig & z.infer<z.ZodObject<typeof batchTopKFields>>;
/** `eta` [n_refinement_steps] is there where step sizes are trained. */
export type BatchTopKWeights = 'W_enc' | 'b_enc' | 'W_dec' | 'b_dec' | 'eta';
/** A threshold for each selection of a pass (one more than refinement steps), and the present k. */
export type BatchTopKBuffers = 'topk_thresholds' | 'k';
