import { Sampler } from '../sampler/sampler.ts';
import type { ForestNode } from '../world/forest.ts';
import { placements } from '../world/forest.ts';
import type { World } from '../world/world.ts';

/** What the picture of a world shows, counted in `rows` samples of the fast sampler. */
export interface WorldFacts {
  rows: number;
  /**
   * One entry per feature: its base probability, the share of samples in which it is active, and whether it
   * is in a tree.
   */
  rates: { rank: number; base: number; real: number; kind: 'in a tree' | 'flat' }[];
  /** Share of the samples by their number of active features. */
  l0: { active: number; share: number }[];
  meanL0: number;
  /**
   * The nodes of the first tree, at `x` across and `depth` down, with the rate of the feature and the
   * position of the parent.
   */
  tree: { x: number; depth: number; real: number; parentX: number; parentDepth: number }[];
}

/** Counts a world's facts. The same world, seed and rows give the same facts. */
export function worldFacts(world: World, rows: number, seed = 0): WorldFacts {
  const { offsets, features } = new Sampler(world, seed, 'picture').sample(0, rows);
  const counts = new Uint32Array(world.numFeatures);
  for (const feature of features) counts[feature]++;
  const histogram: number[] = [];
  for (let row = 0; row < rows; row++) {
    const active = offsets[row + 1] - offsets[row];
    histogram[active] = (histogram[active] ?? 0) + 1;
  }
  const real = (feature: number | null) => (feature === null ? 0 : counts[feature] / rows);
  const held = new Set(placements(world.forest).map(({ node }) => node.feature_index));
  return {
    rows,
    rates: Array.from(world.baseProbabilities, (base, i) => ({
      rank: i + 1,
      base,
      real: real(i),
      kind: held.has(i) ? 'in a tree' : 'flat',
    })),
    l0: Array.from(histogram, (count, active) => ({ active, share: (count ?? 0) / rows })),
    meanL0: features.length / rows,
    tree: world.forest.roots.length > 0 ? treeOf(world.forest.roots[0], real) : [],
  };
}

/** Leaves side by side, each parent above the middle of its children. */
function treeOf(root: ForestNode, real: (feature: number | null) => number): WorldFacts['tree'] {
  const out: WorldFacts['tree'] = [];
  let leaves = 0;
  const place = (node: ForestNode, depth: number): number => {
    const children = node.children.map((child) => place(child, depth + 1));
    const x = children.length === 0 ? leaves++ : (children[0] + children[children.length - 1]) / 2;
    const entry = { x, depth, real: real(node.feature_index), parentX: x, parentDepth: depth };
    out.push(entry);
    for (const [i, child] of node.children.entries()) {
      const below = out.findLast((e) => e.depth === depth + 1 && e.x === children[i]);
      if (child && below) Object.assign(below, { parentX: x, parentDepth: depth });
    }
    return x;
  };
  place(root, 0);
  return out;
}
