import { expect, it } from 'vitest';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { Confusion } from './confusion.ts';
import { Evaluation } from './evaluation.ts';
import { matchLatents } from './matching.ts';
import { tablesOf } from './tables.ts';

const world = await buildWorld(
  parseConfig(
    {
      num_features: 4,
      hidden_dim: 8,
      hierarchy: { total_root_nodes: 1, branching_factor: 2, max_depth: 1 },
      seed: 1,
    },
    'test',
  ),
);
const [n, dim] = [4, 8];
const vectorOf = (feature: number) => world.featureVectors.slice(feature * dim, (feature + 1) * dim);

/**
 * Three latents in the directions of features 2, 2 and 0, on two samples in which features 2, then 0 and 1
 * fire.
 */
function measured() {
  const weights = Float32Array.from([vectorOf(2), vectorOf(2), vectorOf(0)].flatMap((row) => [...row]));
  const decoder = { weights, bias: new Float32Array(dim) };
  const matching = matchLatents(
    { count: 3, dim, data: weights },
    { count: n, dim, data: world.featureVectors },
  );
  const truth = {
    rows: 2,
    offsets: Uint32Array.of(0, 1, 3),
    features: Uint32Array.of(2, 0, 1),
    values: Float32Array.of(1, 1, 1),
  };
  // Latent 0 fires with its feature; latent 1 without it; latent 2 never.
  const codes = {
    rows: 2,
    offsets: Uint32Array.of(0, 1, 2),
    indices: Uint32Array.of(0, 1),
    values: Float32Array.of(3, -2),
  };
  const deciding = new Evaluation(matching, decoder, n);
  const confusion = new Confusion(3, n);
  deciding.add(truth, new Float32Array(2 * dim), codes);
  confusion.add(truth, codes, matching.best);
  const others = [['inference', deciding]] as const;
  return { world, matching, deciding, others, confusion, codes: Float64Array.of(3, -2, 0) };
}

it('has a row for each latent: its nearest feature, its own one, its scores in every form', () => {
  const { latents } = tablesOf(measured());
  expect(latents).toMatchObject({
    latent: Int32Array.of(0, 1, 2),
    feature: Int32Array.of(2, 2, 0),
    f1: Float64Array.of(1, 0, 0),
    inference_f1: Float64Array.of(1, 0, 0),
    fires: Float64Array.of(0.5, 0.5, 0),
    mean_code: Float64Array.of(3, -2, 0),
    feature_fires: Float64Array.of(0.5, 0.5, 0.5),
    // Latent 1 fires with features 0 and 1, the first of which is named.
    confused_with: Int32Array.of(-1, 0, -1),
    confused_share: Float64Array.of(0, 1, 0),
  });
  // Two latents share a feature; one to one, each has its own.
  expect(new Set(Array.from<unknown>(latents.assigned)).size).toBe(3);
  for (const column of Object.values(latents)) expect(column).toHaveLength(3);
});

it('has a row for each feature: who detects it, where it stands in the hierarchy', () => {
  const { features } = tablesOf(measured());
  expect(features).toMatchObject({
    feature: Int32Array.of(0, 1, 2, 3),
    fires: Float64Array.of(0.5, 0.5, 0.5, 0),
    latents: Int32Array.of(1, 0, 2, 0),
    detector: Int32Array.of(2, -1, 0, -1),
    f1: Float64Array.of(0, 0, 1, 0),
  });
  expect([features.latent[0], features.latent[2]]).toEqual([2, 0]);
  expect(features.cosine[2]).toBeCloseTo(1, 6);
  const { depth, parent } = features;
  const numbers = (column: ArrayLike<unknown>) => Array.from(column, Number);
  expect(numbers(depth).sort()).toEqual([-1, 0, 1, 1].sort());
  expect(numbers(parent).filter((above) => above === -1)).toHaveLength(2);
  for (const column of Object.values(features)) expect(column).toHaveLength(4);
});
