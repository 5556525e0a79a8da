import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { readSafetensors, type Tensor32, writeSafetensors } from '#contract/safetensors';
import { configText, readConfig, readJson, type WorldConfig } from './config.ts';
import { type Forest, forestText, NO_FOREST, parseForest } from './forest.ts';
import { deriveWorld, LARGEST, type World } from './world.ts';

export const CONFIG_FILE = 'synthetic_model_config.json';
export const WEIGHTS_FILE = 'synthetic_model.safetensors';
export const FOREST_FILE = 'hierarchy.json';

/**
 * Reads a model in the released directory format. Probabilities, thresholds and magnitudes are recomputed
 * from the config; the stored `firing_probabilities` are not read, as in the reference.
 * @throws UserError naming file and field of anything missing, misshapen or not finite.
 */
export function loadWorld(dir: string): World {
  const config = readConfig(join(dir, CONFIG_FILE));
  const n = config.num_features;
  const d = config.hidden_dim;
  const path = join(dir, WEIGHTS_FILE);
  const { tensors } = readSafetensors(path);
  if (config.correlation && !tensors.has('correlation_factor')) {
    throw new UserError(
      `${path}: tensor "correlation_factor" is missing, and ${CONFIG_FILE} has "correlation"`,
    );
  }
  const rank = config.correlation?.rank ?? tensors.get('correlation_factor')?.shape[1] ?? 0;
  const copula = tensors.has('correlation_factor')
    ? {
        rank,
        factor: tensorOf(tensors, path, 'correlation_factor', [n, rank]),
        diag: tensorOf(tensors, path, 'correlation_diag', [n]),
      }
    : null;
  if (copula?.diag.some((x) => x <= 0)) throw new UserError(`${path}: correlation_diag must be positive`);
  // Recomputed and not used, but checked: a file that is wrong here is not trusted.
  if (tensors.has('firing_probabilities')) tensorOf(tensors, path, 'firing_probabilities', [n]);
  const parts = {
    config,
    forest: readForest(join(dir, FOREST_FILE), config),
    featureVectors: tensorOf(tensors, path, 'feature_vectors', [n, d]),
    bias: tensorOf(tensors, path, 'bias', [d]),
    copula,
  };
  return deriveWorld(parts, `${join(dir, CONFIG_FILE)}: `);
}

/** Writes the three files of the released format (the forest only where there is one). */
export function saveWorld(dir: string, world: World): void {
  const { numFeatures: n, hiddenDim: d, copula } = world;
  mkdirSync(dir, { recursive: true });
  const tensors = new Map<string, Tensor32>([
    ['bias', { shape: [d], data: world.bias }],
    ['feature_vectors', { shape: [n, d], data: world.featureVectors }],
    ['firing_probabilities', { shape: [n], data: world.probabilities }],
  ]);
  if (copula) {
    tensors.set('correlation_diag', { shape: [n], data: copula.diag });
    tensors.set('correlation_factor', { shape: [n, copula.rank], data: copula.factor });
  }
  if (world.forest.roots.length > 0) writeFileAtomic(join(dir, FOREST_FILE), forestText(world.forest));
  writeSafetensors(join(dir, WEIGHTS_FILE), { tensors, metadata: {} });
  writeFileAtomic(join(dir, CONFIG_FILE), configText(world.config));
}

/**
 * Reads the forest, which a config with a hierarchy requires: without it the world would be another one of
 * the same name.
 */
function readForest(path: string, { hierarchy, num_features }: WorldConfig): Forest {
  if (!existsSync(path)) {
    if (!hierarchy) return NO_FOREST;
    throw new UserError(`${path}: is missing, and ${CONFIG_FILE} has "hierarchy"`);
  }
  const forest = parseForest(readJson(path), num_features, path);
  if (hierarchy && forest.roots.length === 0) {
    throw new UserError(`${path}: roots: is empty, and ${CONFIG_FILE} has "hierarchy"`);
  }
  return forest;
}

function tensorOf(
  tensors: ReadonlyMap<string, Tensor32>,
  path: string,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new UserError(`${path}: tensor "${name}" is missing`);
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
    throw new UserError(
      `${path}: tensor "${name}" has shape [${tensor.shape.join(', ')}], [${shape.join(', ')}] expected from the config`,
    );
  }
  if (!tensor.data.every(Number.isFinite))
    throw new UserError(`${path}: tensor "${name}" has values that are not finite`);
  const huge = tensor.data.find((value) => Math.abs(value) > LARGEST);
  if (huge !== undefined)
    throw new UserError(
      `${path}: tensor "${name}" has ${huge}; numbers up to ${LARGEST} in size are expected`,
    );
  return tensor.data;
}
