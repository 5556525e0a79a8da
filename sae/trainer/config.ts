import { z } from 'zod';

/** Fields of the trainer, by SAELens' names where it has them. Durations in steps, or as a share of the run. */
export const TrainerConfig = z.strictObject({
  lr: z.number().positive(),
  lr_scheduler: z.enum(['constant', 'cosineannealing']).default('constant'),
  lr_warm_up_steps: z.number().int().nonnegative().default(0),
  lr_warm_up_fraction: z.number().min(0).max(1).nullable().default(null),
  /** The last steps, in which the rate falls linearly to 0. */
  lr_decay_steps: z.number().int().nonnegative().default(0),
  lr_decay_fraction: z.number().min(0).max(1).nullable().default(null),
  /** Where the cosine ends; a tenth of lr if null. */
  lr_end: z.number().nonnegative().nullable().default(null),
  adam_beta1: z.number().min(0).max(1).default(0.9),
  adam_beta2: z.number().min(0).max(1).default(0.999),
  max_grad_norm: z.number().positive().nullable().default(1),
  /** A latent is dead after more than so many steps without firing. */
  dead_feature_window: z.number().int().positive().default(1000),
  /** Snapshots that the judge's side measures during the run; the last one is the end. */
  n_snapshots: z.number().int().positive().default(6),
  /** expected_average_only_in: scale x so that its mean norm is √d_in; undone in the weights after training. */
  normalize_activations: z.enum(['none', 'expected_average_only_in']).default('none'),
  n_batches_for_norm_estimate: z.number().int().positive().default(1000),
  /** Steer the sparsity coefficient so that the L0 becomes this; null leaves it. */
  target_l0: z.number().positive().nullable().default(null),
  /** From this step on, or from this share of the run. */
  autotune_start_step: z.number().int().nonnegative().default(0),
  autotune_start_fraction: z.number().min(0).max(1).nullable().default(null),
});
export type TrainerConfig = z.infer<typeof TrainerConfig>;
