/** Hardly any superposition: a decoder that holds the true features must score nearly 1. */
export const CONFIG = {
  num_features: 24,
  hidden_dim: 48,
  firing_probability: { exponent: 0.5, max_prob: 0.4, min_prob: 0.05, generator_name: 'zipfian' },
  orthogonalization: { num_steps: 300, lr: 0.003 },
  correlation: { rank: 3, correlation_scale: 0.1 },
  mean_firing_magnitudes: 5,
  std_firing_magnitudes: 0.5,
  bias: 0.5,
  seed: 3,
};
