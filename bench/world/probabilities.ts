import type { FiringProbability } from './config.ts';
import { TorchGenerator } from './torch-rng.ts';

/**
 * Base firing probabilities of n features, float32, before any correction for the hierarchy. Zipfian:
 * p_k = min + (max - min)·(q_k - q_n)/(q_1 - q_n) with q_k = k^-exponent; only `random` uses the seed.
 */
export function firingProbabilities(config: FiringProbability, n: number, seed: number): Float32Array {
  if (config.generator_name === 'constant') return new Float32Array(n).fill(config.probability);
  const { max_prob: max, min_prob: min } = config;
  if (config.generator_name === 'random') {
    return new TorchGenerator(seed).rand(n).map((u) => min + (max - min) * u);
  }
  if (n === 1) return Float32Array.of(max);
  if (config.generator_name === 'linear') return linspace(max, min, n);
  const last = n ** -config.exponent;
  return Float32Array.from(
    { length: n },
    (_, k) => min + ((max - min) * ((k + 1) ** -config.exponent - last)) / (1 - last),
  );
}

/** n numbers from start to end, both included. */
export function linspace(start: number, end: number, n: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) =>
    n === 1 ? start : start + ((end - start) * i) / (n - 1),
  );
}
