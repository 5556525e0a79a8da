import type { Magnitude } from './config.ts';
import { linspace } from './probabilities.ts';
import { TorchGenerator } from './torch-rng.ts';

/**
 * A number per feature (mean or std of the magnitude with which it fires), float32. A folded normal draws
 * |mean + std·n| with n from torch's CPU generator at `seed` (the config's own, where it has one).
 */
export function magnitudes(config: Magnitude, n: number, seed: number): Float32Array {
  if (typeof config === 'number') return new Float32Array(n).fill(config);
  switch (config.generator_name) {
    case 'constant':
      return new Float32Array(n).fill(config.value);
    case 'linear':
      return linspace(config.start, config.end, n);
    case 'exponential':
      return linspace(0, 1, n).map((t) => config.start * (config.end / config.start) ** t);
    case 'folded_normal': {
      const low = config.min_value ?? 0;
      const high = config.max_value ?? Number.POSITIVE_INFINITY;
      return new TorchGenerator(config.seed ?? seed)
        .randn(n)
        .map((x) => Math.min(high, Math.max(low, Math.abs(config.mean + config.std * x))));
    }
  }
}
