import { parseConfig } from '../../world/config.ts';

/** A small world with all that a world can have: exclusive children, factors, features outside the forest. */
export const config = parseConfig(
  {
    num_features: 90,
    hidden_dim: 10,
    firing_probability: { exponent: 0.5, max_prob: 0.5, min_prob: 0.02, generator_name: 'zipfian' },
    hierarchy: {
      total_root_nodes: 3,
      branching_factor: 3,
      max_depth: 2,
      mutually_exclusive_portion: 1,
      compensate_probabilities: true,
    },
    correlation: { rank: 5, correlation_scale: 0.2, seed: 6 },
    std_firing_magnitudes: 2,
    mean_firing_magnitudes: 3,
    seed: 4,
  },
  'test',
);
