import type { WorldConfig } from './config.ts';
import { randomCopula } from './copula.ts';
import { orthogonalise, randomBias, randomDirections } from './dictionary.ts';
import { generateForest, NO_FOREST } from './forest.ts';
import { orthogonaliseOnThreads } from './threads.ts';
import { TorchGenerator } from './torch-rng.ts';
import { deriveWorld, type World } from './world.ts';

/** A dictionary with more numbers than this is orthogonalised on threads. */
const LARGE = 1 << 18;

/**
 * Makes the world of a config. The same config gives the same world: directions and bias are drawn at
 * `seed`, std magnitudes at seed + 1, means at seed + 2, exclusive groups at seed + 3, the copula at seed +
 * 4 (or at its own seed, which the reference ignores). A config without a seed counts as seed 0. `onStep`
 * is called at each step of the orthogonalisation.
 */
export async function buildWorld(config: WorldConfig, onStep?: (step: number) => void): Promise<World> {
  const { num_features: n, hidden_dim: d, correlation } = config;
  const seed = config.seed ?? 0;
  const random = new TorchGenerator(seed);
  const featureVectors = randomDirections(n, d, random);
  const bias = randomBias(d, config.bias, random);
  if (config.orthogonalization) {
    // Chosen by size alone: the method decides the last bits of the world.
    const method = n * d > LARGE ? orthogonaliseOnThreads : orthogonalise;
    await method(featureVectors, d, config.orthogonalization, onStep);
  }
  return deriveWorld({
    config,
    forest: config.hierarchy ? generateForest(config.hierarchy, n, seed + 3) : NO_FOREST,
    featureVectors,
    bias,
    copula: correlation
      ? randomCopula(
          n,
          correlation.rank,
          correlation.correlation_scale,
          new TorchGenerator(correlation.seed ?? seed + 4),
        )
      : null,
  });
}
