import type { World } from '../world/world.ts';
import type { Confusion } from './confusion.ts';
import type { Evaluation } from './evaluation.ts';
import { opaqueIds, relation, treeOf } from './latents.ts';
import type { Matching } from './matching.ts';

/** Columns by name, all of one length. Whole numbers are indices and counts; -1 stands for none. */
export type Table = Record<string, Int32Array | Float64Array | readonly string[]>;

/** A table with a row for each latent of the SAE, and one with a row for each feature of the world. */
export type Tables = Record<'latents' | 'features', Table>;

/** What the tables are made of: a measurement, and what was counted beside it in the deciding form. */
export interface Measured {
  world: World;
  matching: Matching;
  /** In the form that decides. */
  deciding: Evaluation;
  /** In the other forms, by name. */
  others: readonly (readonly [form: string, Evaluation])[];
  confusion: Confusion;
  /** By latent: the sum of its codes in the form that decides. */
  codes: Float64Array;
}

/**
 * All that is known of each latent and each feature. It names features by their place in the world: unlike
 * `latentRows`, which the researcher sees, it is for people.
 */
export function tablesOf(measured: Measured): Tables {
  const { world, matching, deciding, others, confusion, codes } = measured;
  const { numFeatures: n } = world;
  const { best, bestCosine, assigned } = matching;
  const tree = treeOf(world);
  const samples = Math.max(1, deciding.samples);
  const rates = deciding.active.map((count) => count / samples);
  const scores = deciding.scores();
  const worst = Array.from(best, (_, latent) => confusion.worst(latent, rates));
  const cosineOf = (latent: number, feature: number) =>
    latent < 0 || feature < 0 ? 0 : matching.cosines[latent * n + feature];
  const latents: Table = {
    latent: Int32Array.from(best.keys()),
    feature: best,
    cosine: Float64Array.from(bestCosine),
    ...{ precision: scores.precision, recall: scores.recall, f1: scores.f1 },
    fires: deciding.fired.map((count) => count / samples),
    mean_code: codes.map((sum, latent) => (deciding.fired[latent] > 0 ? sum / deciding.fired[latent] : 0)),
    feature_fires: Float64Array.from(best, (feature) => rates[feature]),
    depth: Int32Array.from(best, (feature) => tree.depth[feature] ?? -1),
    assigned,
    assigned_cosine: Float64Array.from(assigned, (feature, latent) => cosineOf(latent, feature)),
    confused_with: Int32Array.from(worst, (one) => one?.feature ?? -1),
    confused_relation: worst.map((one, latent) =>
      one ? relation(tree.parent, best[latent], one.feature) : '',
    ),
    confused_share: Float64Array.from(worst, (one) => one?.share ?? 0),
  };
  for (const [form, evaluation] of others) {
    const { precision, recall, f1 } = evaluation.scores();
    const fires = evaluation.fired.map((count) => count / samples);
    for (const [name, values] of Object.entries({ precision, recall, f1, fires }))
      latents[`${form}_${name}`] = values;
  }
  const nearest = nearestLatents(matching, n);
  const { detector, count } = detectors(best, scores.f1, n);
  const assignedTo = new Int32Array(n).fill(-1);
  assigned.forEach((feature, latent) => {
    if (feature >= 0) assignedTo[feature] = latent;
  });
  const features: Table = {
    feature: Int32Array.from({ length: n }, (_, feature) => feature),
    id: opaqueIds(world),
    fires: rates,
    probability: Float64Array.from(world.probabilities),
    ...{ mean: Float64Array.from(world.means), std: Float64Array.from(world.stds) },
    depth: Int32Array.from(tree.depth, (depth) => depth ?? -1),
    parent: tree.parent,
    latent: nearest,
    cosine: Float64Array.from(nearest, (latent, feature) => cosineOf(latent, feature)),
    latents: count,
    detector,
    f1: Float64Array.from(detector, (latent) => (latent < 0 ? 0 : scores.f1[latent])),
    assigned: assignedTo,
    assigned_cosine: Float64Array.from(assignedTo, (latent, feature) => cosineOf(latent, feature)),
  };
  return { latents, features };
}

/** By feature: the latent whose direction is nearest to it, the first on ties. */
function nearestLatents({ cosines, best }: Matching, features: number): Int32Array {
  const nearest = new Int32Array(features);
  for (let latent = 1; latent < best.length; latent++)
    for (let feature = 0; feature < features; feature++)
      if (cosines[latent * features + feature] > cosines[nearest[feature] * features + feature])
        nearest[feature] = latent;
  return nearest;
}

/** By feature: how many latents have it as their nearest, and the best detector among these. */
function detectors(
  best: Int32Array,
  f1: Float64Array,
  features: number,
): { detector: Int32Array; count: Int32Array } {
  const detector = new Int32Array(features).fill(-1);
  const count = new Int32Array(features);
  best.forEach((feature, latent) => {
    count[feature]++;
    if (detector[feature] < 0 || f1[latent] > f1[detector[feature]]) detector[feature] = latent;
  });
  return { detector, count };
}
