import { Random } from '../random.ts';
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
  const { correlation } = config;
  const seed = config.seed ?? 0;
  return await buildFrom(
    config,
    {
      directions: new TorchGenerator(seed),
      exclusive: new TorchGenerator(seed + 3),
      copula: new TorchGenerator(correlation?.seed ?? seed + 4),
    },
    onStep,
  );
}

/** What a world's parts are drawn from. */
interface Generators {
  directions: TorchGenerator;
  exclusive: TorchGenerator;
  copula: TorchGenerator;
}

/**
 * Makes a world of the config's kind from a key: directions, bias, exclusive groups and the copula are drawn
 * from a cryptographic stream of the whole key. Magnitudes are drawn from a seed of 32 bits, as the stored
 * format wants it; the seed is drawn from the key too, and says nothing of the rest. `draw` tells the worlds
 * of one key apart.
 */
export async function buildSecretWorld(
  config: WorldConfig,
  key: Uint8Array,
  draw: number,
  onStep?: (step: number) => void,
): Promise<World> {
  const random = (part: string) => new KeyedGenerator(key, `world ${part}`, draw);
  const seed = random('magnitudes').next32();
  const correlation = config.correlation && { ...config.correlation, seed: null };
  return await buildFrom(
    { ...config, seed, correlation },
    { directions: random('directions'), exclusive: random('exclusive'), copula: random('copula') },
    onStep,
  );
}

/** torch's way to make numbers of random bits, with bits of a key. */
class KeyedGenerator extends TorchGenerator {
  private readonly random: Random;

  constructor(key: Uint8Array, part: string, draw: number) {
    super(0);
    this.random = new Random(key, part, draw);
  }

  override next32(): number {
    return this.random.bits();
  }
}

async function buildFrom(
  config: WorldConfig,
  { directions: random, exclusive, copula }: Generators,
  onStep?: (step: number) => void,
): Promise<World> {
  const { num_features: n, hidden_dim: d, correlation } = config;
  const featureVectors = randomDirections(n, d, random);
  const bias = randomBias(d, config.bias, random);
  if (config.orthogonalization) {
    // Chosen by size alone: the method decides the last bits of the world.
    const method = n * d > LARGE ? orthogonaliseOnThreads : orthogonalise;
    await method(featureVectors, d, config.orthogonalization, onStep);
  }
  return deriveWorld({
    config,
    forest: config.hierarchy ? generateForest(config.hierarchy, n, exclusive) : NO_FOREST,
    featureVectors,
    bias,
    copula: correlation ? randomCopula(n, correlation.rank, correlation.correlation_scale, copula) : null,
  });
}
