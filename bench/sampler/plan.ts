import type { ForestNode } from '../world/forest.ts';
import { normalQuantile } from '../world/normal.ts';
import type { World } from '../world/world.ts';

/** Members of a bucket that is thinned as one; kernels.as has the same constant. */
export const BUCKET = 32;
/**
 * A feature above this probability is drawn by itself: in a bucket it would make candidates of its
 * neighbours.
 */
const FREQUENT = 0.04;

/**
 * A world laid out for the sampler. Nodes 0 .. n-1 are the features, nodes above them are organisational
 * (they never fire). Feature i fires given the factors z with probability Phi(loadings_i · z - cutoffs_i).
 */
export interface Plan {
  rank: number;
  /** F_i / sqrt(diag_i), [n, rank]. */
  loadings: Float32Array;
  /** threshold_i / sqrt(diag_i); -Infinity where a feature always fires. */
  cutoffs: Float32Array;
  /**
   * Features without anything above them (roots and flat): the frequent ones are the children of the node
   * `frequent`, the rest stands in `top`, likeliest first, filled up with -1 to whole buckets.
   */
  frequent: number;
  top: Int32Array;
  buckets: number;
  /** Organisational roots: their children are looked at in every sample. */
  openRoots: number[];
  /** Children of node i: childList[childStart[i] .. childStart[i + 1]]. */
  childStart: Int32Array;
  childList: Int32Array;
  /** By node: at most one child stays, children scale with the nearest feature above them. */
  exclusive: Uint8Array;
  scaling: Uint8Array;
}

export function planOf(world: World): Plan {
  const n = world.numFeatures;
  const rank = world.copula?.rank ?? 0;
  const loadings = new Float32Array(n * rank);
  const cutoffs = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    if (!world.copula) {
      cutoffs[i] = -normalQuantile(world.probabilities[i]);
      continue;
    }
    const scale = Math.sqrt(world.copula.diag[i]);
    cutoffs[i] = world.thresholds[i] / scale;
    for (let k = i * rank; k < (i + 1) * rank; k++) loadings[k] = world.copula.factor[k] / scale;
  }

  const nodes: (ForestNode | null)[] = new Array<ForestNode | null>(n).fill(null);
  const children: number[][] = Array.from({ length: n }, () => []);
  const below = new Uint8Array(n);
  const openRoots: number[] = [];
  const number = (node: ForestNode, isRoot: boolean): number => {
    let id = node.feature_index ?? -1;
    if (id < 0) {
      id = nodes.push(null) - 1;
      children.push([]);
      if (isRoot) openRoots.push(id);
    } else if (!isRoot) below[id] = 1;
    nodes[id] = node;
    children[id] = node.children.map((child) => number(child, false));
    return id;
  };
  for (const root of world.forest.roots) number(root, true);

  const free = Array.from({ length: n }, (_, i) => i).filter((i) => !below[i]);
  const frequent = children.push(free.filter((i) => world.probabilities[i] > FREQUENT)) - 1;
  const top = free
    .filter((i) => world.probabilities[i] <= FREQUENT)
    .sort((a, b) => cutoffs[a] - cutoffs[b] || a - b);
  while (top.length % BUCKET !== 0) top.push(-1);
  const childStart = new Int32Array(children.length + 1);
  children.forEach((list, i) => {
    childStart[i + 1] = childStart[i] + list.length;
  });
  return {
    rank,
    loadings,
    cutoffs,
    frequent,
    top: Int32Array.from(top),
    buckets: top.length / BUCKET,
    openRoots,
    childStart,
    childList: Int32Array.from(children.flat()),
    exclusive: Uint8Array.from(nodes, (node) => Number(node?.mutually_exclusive_children ?? false)),
    scaling: Uint8Array.from(nodes, (node) => Number(node?.scale_children_by_parent ?? false)),
  };
}
