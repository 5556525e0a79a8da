import { createHash } from 'node:crypto';
import type { Verdict } from '#contract/verdict';
import { Random } from '../random.ts';
import { placements } from '../world/forest.ts';
import type { World } from '../world/world.ts';
import type { Confusion } from './confusion.ts';
import type { Evaluation } from './evaluation.ts';
import type { Matching } from './matching.ts';

/** One latent as `inspect` shows it. It contains no vector of the truth and not the index of a feature. */
export interface LatentRow {
  latent: number;
  /** Opaque id: the same for the same feature of the same world, in an order without meaning. */
  feature: string;
  /** To two digits: finer ones would let its decoder rows be fitted to the truth. */
  cosine: number;
  precision: number;
  recall: number;
  f1: number;
  /** Share of samples in which the latent fires, and in which its feature is active. */
  latentRate: number;
  featureRate: number;
  /** Depth of the feature in its tree; null for a feature in no tree. */
  depth: number | null;
  confusedWith: { feature: string; relation: string; share: number } | null;
}

/** Every latent against its nearest feature, in the latents' order. */
export function latentRows(
  world: World,
  matching: Matching,
  evaluation: Evaluation,
  confusion: Confusion,
): LatentRow[] {
  const { numFeatures: n } = world;
  const ids = opaqueIds(world);
  const tree = treeOf(world);
  const rates = evaluation.active.map((count) => count / Math.max(1, evaluation.samples));
  const { precision, recall, f1 } = evaluation.scores();
  return Array.from(matching.best, (feature, latent) => {
    const worst = confusion.worst(latent, rates);
    return {
      latent,
      feature: ids[feature],
      cosine: Math.round(100 * matching.cosines[latent * n + feature]) / 100,
      precision: precision[latent],
      recall: recall[latent],
      f1: f1[latent],
      latentRate: evaluation.fired[latent] / Math.max(1, evaluation.samples),
      featureRate: rates[feature],
      depth: tree.depth[feature],
      confusedWith: worst && {
        feature: ids[worst.feature],
        relation: relation(tree.parent, feature, worst.feature),
        share: worst.share,
      },
    };
  });
}

export interface Group {
  name: string;
  latents: number;
  precision: number;
  recall: number;
  f1: number;
}

/** What latents are grouped by, and what is averaged. */
type Scored = Pick<LatentRow, 'precision' | 'recall' | 'f1' | 'featureRate' | 'depth'>;

/** The means of a measurement by groups of latents, as a verdict has them. */
export function groupsOf(
  world: World,
  matching: Matching,
  evaluation: Evaluation,
): NonNullable<Verdict['groups']> {
  const { depth } = treeOf(world);
  const { precision, recall, f1 } = evaluation.scores();
  const rows = Array.from(
    matching.best,
    (feature, latent): Scored => ({
      precision: precision[latent],
      recall: recall[latent],
      f1: f1[latent],
      featureRate: evaluation.active[feature] / Math.max(1, evaluation.samples),
      depth: depth[feature],
    }),
  );
  const told = (groups: readonly Group[]) =>
    groups.map(({ name, latents, f1, precision, recall }) => ({
      ...{ name, count: latents, metrics: { f1, precision, recall } },
    }));
  return { 'depth of the feature': told(byDepth(rows)), 'firing rate of the feature': told(byRate(rows)) };
}

/** Means by the depth of the latents' features, which show where in the hierarchy an SAE fails. */
export function byDepth(rows: readonly Scored[]): Group[] {
  const depths = [...new Set(rows.map((row) => row.depth))].sort(
    (a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY),
  );
  return depths.map((depth) =>
    groupOf(
      depth === null ? 'flat' : `depth ${depth}`,
      rows.filter((row) => row.depth === depth),
    ),
  );
}

const RATE_EDGES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 1];

/** Means by the rate at which the latents' features fire. */
export function byRate(rows: readonly Scored[]): Group[] {
  return RATE_EDGES.slice(1).flatMap((high, i) => {
    const low = RATE_EDGES[i];
    const members = rows.filter((row) => row.featureRate >= low && (row.featureRate < high || high === 1));
    const name = `${Number((low * 100).toPrecision(2))} to ${Number((high * 100).toPrecision(2))} %`;
    return members.length > 0 ? [groupOf(name, members)] : [];
  });
}

function groupOf(name: string, rows: readonly Scored[]): Group {
  const mean = (key: 'precision' | 'recall' | 'f1'): number =>
    rows.reduce((sum, row) => sum + row[key], 0) / rows.length;
  return { name, latents: rows.length, precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/**
 * Feature ids in an order that depends on the dictionary alone. The world's hash, which reports print, does
 * not reveal it.
 */
export function opaqueIds({
  numFeatures: n,
  featureVectors: { buffer, byteOffset, byteLength },
}: World): string[] {
  const secret = createHash('sha256')
    .update('opaque ids')
    .update(new Uint8Array(buffer, byteOffset, byteLength));
  const random = new Random(secret.digest(), 'opaque ids', 0);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const digits = String(n - 1).length;
  return order.map((id) => `F${String(id).padStart(digits, '0')}`);
}

/** By feature: depth (null outside any tree) and the nearest feature above (-1: none). */
export function treeOf(world: World): { depth: (number | null)[]; parent: Int32Array } {
  const depth = new Array<number | null>(world.numFeatures).fill(null);
  const parent = new Int32Array(world.numFeatures).fill(-1);
  for (const { node, ancestor, depth: at } of placements(world.forest)) {
    depth[node.feature_index as number] = at;
    parent[node.feature_index as number] = ancestor ?? -1;
  }
  return { depth, parent };
}

/** How a feature relates to another in the hierarchy, in one word. */
export function relation(parent: Int32Array, of: number, other: number): string {
  const isAbove = (high: number, low: number): boolean => {
    for (let at = parent[low]; at >= 0; at = parent[at]) if (at === high) return true;
    return false;
  };
  if (parent[of] === other) return 'parent';
  if (parent[other] === of) return 'child';
  if (parent[of] >= 0 && parent[of] === parent[other]) return 'sibling';
  if (isAbove(other, of)) return 'ancestor';
  if (isAbove(of, other)) return 'descendant';
  return 'unrelated';
}
