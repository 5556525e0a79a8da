import { createHash } from 'node:crypto';
import { UserError } from '#contract/errors';
import { correctedProbabilities, correctionFactors } from './compensation.ts';
import { configText, type WorldConfig } from './config.ts';
import type { Copula } from './copula.ts';
import { type Forest, forestText, placements } from './forest.ts';
import { magnitudes } from './magnitudes.ts';
import { firingThreshold } from './normal.ts';
import { firingProbabilities } from './probabilities.ts';

/** What a released model stores: everything else follows from the config. */
export interface WorldParts {
  config: WorldConfig;
  forest: Forest;
  /** Unit rows, [num_features, hidden_dim]. */
  featureVectors: Float32Array;
  /** [hidden_dim], added to every sample. */
  bias: Float32Array;
  copula: Copula | null;
}

/**
 * A synthetic model: the source of activations and the truth about them. Vectors have one entry per
 * feature.
 */
export interface World extends WorldParts {
  numFeatures: number;
  hiddenDim: number;
  /** Before and after the correction for the hierarchy. */
  baseProbabilities: Float32Array;
  probabilities: Float32Array;
  thresholds: Float32Array;
  /** Mean and std of a feature's magnitude before it is cut at zero. */
  means: Float32Array;
  stds: Float32Array;
  /** SHA-256 over config, forest and weights. */
  hash: string;
}

/** Larger numbers overflow float32 where features are summed. */
export const LARGEST = 1e30;

/**
 * Fills in what is not stored: probabilities, thresholds and magnitudes, recomputed from config and forest as
 * the reference's loader does. Std magnitudes come from torch's generator at seed + 1, means at seed + 2.
 * `where` begins the messages, with the config's file where there is one.
 * @throws UserError where children scale with a parent whose mean magnitude is 0, or a field gives what is no
 * number
 */
export function deriveWorld(parts: WorldParts, where = ''): World {
  const { config, forest } = parts;
  const n = config.num_features;
  const seed = config.seed ?? 0;
  const base = firingProbabilities(config.firing_probability, n, seed);
  const probabilities = config.hierarchy?.compensate_probabilities
    ? correctedProbabilities(base, correctionFactors(forest, base))
    : base;
  const means = magnitudes(config.mean_firing_magnitudes, n, seed + 2);
  for (const { parent, ancestor } of placements(forest)) {
    if (parent?.scale_children_by_parent && ancestor !== null && means[ancestor] <= 0) {
      throw new UserError(
        `${where}mean_firing_magnitudes: above 0 expected for feature ${ancestor}, whose children scale with it`,
      );
    }
  }
  const stds = magnitudes(config.std_firing_magnitudes, n, seed + 1);
  const { featureVectors, bias, copula } = parts;
  const made: [field: string, values: Float32Array][] = [
    ['firing_probability', probabilities],
    ['mean_firing_magnitudes', means],
    ['std_firing_magnitudes', stds],
    ['bias', bias],
    ['orthogonalization', featureVectors],
  ];
  if (copula) made.push(['correlation', copula.factor], ['correlation', copula.diag]);
  for (const [field, values] of made) refuseOverflow(`${where}${field}`, values);
  return {
    ...parts,
    numFeatures: n,
    hiddenDim: config.hidden_dim,
    baseProbabilities: base,
    probabilities,
    thresholds: probabilities.map(firingThreshold),
    means,
    stds,
    hash: hashOf(parts),
  };
}

function refuseOverflow(field: string, values: Float32Array): void {
  const found = values.find((value) => !(Math.abs(value) <= LARGEST));
  if (found !== undefined) {
    throw new UserError(`${field}: gives ${found}; numbers up to ${LARGEST} in size are expected`);
  }
}

function hashOf({ config, forest, featureVectors, bias, copula }: WorldParts): string {
  const hash = createHash('sha256').update(configText(config)).update(forestText(forest));
  for (const tensor of [featureVectors, bias, ...(copula ? [copula.factor, copula.diag] : [])]) {
    hash.update(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength));
  }
  return hash.digest('hex');
}
