import type { Experiment } from '../experiment.ts';

/** The other baselines of the benchmark's paper, and two of SAELens, at the profile's k as L0. */
export const experiments: Experiment[] = [
  {
    name: 'standard_l1',
    description: 'Standard SAE with an L1 penalty, steered to the L0 from a third of the run on',
    architecture: 'standard',
    settings: ({ k }) => ({
      l1_coefficient: 2,
      l1_warm_up_fraction: 1 / 3,
      target_l0: k,
      autotune_start_fraction: 1 / 3,
    }),
  },
  {
    name: 'jumprelu',
    description: 'JumpReLU with the L0 loss, steered to the L0',
    architecture: 'jumprelu',
    settings: ({ k }) => ({
      normalize_activations: 'expected_average_only_in',
      jumprelu_bandwidth: 1,
      jumprelu_init_threshold: 1,
      jumprelu_train_log_threshold: true,
      decoder_init_norm: 0.5,
      target_l0: k,
    }),
  },
  {
    name: 'matching_pursuit',
    description: 'Matching pursuit with k iterations',
    architecture: 'matching-pursuit',
    settings: ({ k }) => ({ max_iterations: Math.round(k), stop_on_duplicate_support: false }),
  },
  { name: 'topk', description: 'TopK', architecture: 'topk' },
  {
    name: 'gated',
    description: 'Gated SAE, steered to the L0',
    architecture: 'gated',
    settings: ({ k }) => ({ target_l0: k }),
  },
];
