import { parseConfig, SYNTH_16K, type WorldConfig } from './config.ts';

/**
 * Worlds of 16k's structure (Zipf, exclusive hierarchy with compensation over two thirds of the features,
 * copula, magnitudes, superposition) at sizes where a run takes seconds or minutes. An SAE's width is a
 * quarter of the features.
 */
export const BUILT_IN: Readonly<Record<string, WorldConfig>> = {
  /** For tests and first steps. */
  tiny: scaledDown('tiny', 128, 24, 1),
  /** World of the replay: a full run takes seconds. */
  small: scaledDown('small', 512, 64, 4),
  /** For a night on a few cores: a full run takes minutes (docs/small-world.md). */
  medium: scaledDown('medium', 4096, 240, 32),
};

function scaledDown(name: string, features: number, dimensions: number, roots: number): WorldConfig {
  return parseConfig(
    {
      ...SYNTH_16K,
      num_features: features,
      hidden_dim: dimensions,
      hierarchy: { ...SYNTH_16K.hierarchy, total_root_nodes: roots },
      // The published figures (docs/small-world.md) use the factor drawn from this seed.
      correlation: { ...SYNTH_16K.correlation, seed: 44 },
    },
    name,
  );
}
