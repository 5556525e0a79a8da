import { z } from 'zod';

/**
 * Fields of the trainer, by SAELens' names where it has them. A duration is in steps, or a share of the run
 * (`_fraction`, which comes before the steps).
 */
export const TrainerConfig = z.strictObject({
  /** Learning rate. */
  lr: z.number().positive(),
  /** Schedule of the learning rate between warm-up and decay. */
  lr_scheduler: z.enum(['constant', 'cosineannealing']).default('constant'),
  /** First steps, in which the learning rate rises linearly from 0. */
  lr_warm_up_steps: z.number().int().nonnegative().default(0),
  /** The same as a share of the run. */
  lr_warm_up_fraction: z.number().min(0).max(1).nullable().default(null),
  /** Last steps, in which the learning rate falls linearly to 0. */
  lr_decay_steps: z.number().int().nonnegative().default(0),
  /** The same as a share of the run. */
  lr_decay_fraction: z.number().min(0).max(1).nullable().default(null),
  /** Learning rate at the end of the cosine; null: a tenth of lr. */
  lr_end: z.number().nonnegative().nullable().default(null),
  /** Decay of Adam's first moments. */
  adam_beta1: z.number().min(0).max(1).default(0.9),
  /** Decay of Adam's second moments. */
  adam_beta2: z.number().min(0).max(1).default(0.999),
  /** Norm of all gradients together to which they are clipped; null: not clipped. */
  max_grad_norm: z.number().positive().nullable().default(1),
  /** Steps without firing after which a latent is dead. */
  dead_feature_window: z.number().int().positive().default(1000),
  /** Snapshots in the run that the judge measures; the last one is at the end. */
  n_snapshots: z.number().int().positive().default(6),
  /**
   * expected_average_only_in: scales x to a mean norm of √d_in; the factor is folded into the weights after
   * training.
   */
  normalize_activations: z.enum(['none', 'expected_average_only_in']).default('none'),
  /** Batches that are read before training to measure the mean norm. */
  n_batches_for_norm_estimate: z.number().int().positive().default(1000),
  /** L0 to which the autotuner steers the sparsity coefficient; null: no autotuner. */
  target_l0: z.number().positive().nullable().default(null),
  /** First step at which the autotuner changes the coefficient. */
  autotune_start_step: z.number().int().nonnegative().default(0),
  /** The same as a share of the run. */
  autotune_start_fraction: z.number().min(0).max(1).nullable().default(null),
});
export type TrainerConfig = z.infer<typeof TrainerConfig>;
