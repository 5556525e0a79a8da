import type { Random } from '../random.ts';
import type { Copula } from '../world/copula.ts';
import type { Forest, ForestNode } from '../world/forest.ts';
import type { World } from '../world/world.ts';

/**
 * The definition of a sample, step by step and dense, as SAELens' activation generator computes it. Slow and
 * readable: the fast sampler must equal it in distribution, and it must equal the golden fixtures number by
 * number. Matrices are row-major, [rows, features] unless said otherwise.
 */
export function referenceSample(world: World, rows: number, random: Random): Float32Array {
  const { numFeatures: n, copula } = world;
  const normals = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => random.normal());
  const fired = copula
    ? above(gaussians(copula, normals(rows * copula.rank), normals(rows * n), rows, n), world.thresholds)
    : Uint8Array.from({ length: rows * n }, (_, i) => Number(random.uniform() < world.probabilities[i % n]));
  const activations = magnitudesOf(fired, world.means, world.stds, () => random.normal());
  applyHierarchy(world.forest, activations, world.means, (conflicts, width) =>
    Float32Array.from({ length: conflicts * width }, () => random.uniform()),
  );
  return activations;
}

/** g = eps·Fᵀ + eta·sqrt(diag), with eps [rows, rank] and eta [rows, features]. */
export function gaussians(
  copula: Copula,
  eps: ArrayLike<number>,
  eta: ArrayLike<number>,
  rows: number,
  n: number,
): Float32Array {
  const { rank, factor, diag } = copula;
  const g = new Float32Array(rows * n);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < n; i++) {
      let sum = eta[row * n + i] * Math.sqrt(diag[i]);
      for (let k = 0; k < rank; k++) sum += eps[row * rank + k] * factor[i * rank + k];
      g[row * n + i] = sum;
    }
  }
  return g;
}

/** Where g exceeds its feature's threshold. */
export function above(g: Float32Array, thresholds: Float32Array): Uint8Array {
  return Uint8Array.from(g, (value, i) => Number(value > thresholds[i % thresholds.length]));
}

/**
 * max(0, mean + std·normal) where a feature fired, in row-major order; a draw at or below 0 leaves it
 * inactive.
 */
export function magnitudesOf(
  fired: Uint8Array,
  means: Float32Array,
  stds: Float32Array,
  normal: () => number,
): Float32Array {
  const n = means.length;
  return Float32Array.from(fired, (yes, i) => (yes ? Math.max(0, means[i % n] + stds[i % n] * normal()) : 0));
}

interface LevelNode {
  node: ForestNode;
  parent: ForestNode | null;
  /** The nearest feature above, or -1. */
  ancestor: number;
}

/**
 * Gates, scales and excludes activations, in place, level by level. A feature stays only where the nearest
 * feature above it is active. Where its tree parent says so, it is multiplied by that feature's value over
 * its mean. Then one of the active children of an exclusive node stays: the one with the largest uniform.
 * `draw` gives the uniforms for the conflicts of a level, [conflicts, widest group], ordered by sample and
 * group.
 */
export function applyHierarchy(
  forest: Forest,
  activations: Float32Array,
  means: Float32Array,
  draw: (conflicts: number, width: number) => ArrayLike<number>,
  afterLevel: (level: number) => void = () => {},
): void {
  const n = means.length;
  const rows = activations.length / n;
  const levels = levelsOf(forest);
  const width = Math.max(0, ...levels.flat().map(({ node }) => groupOf(node).length));
  levels.forEach((level, depth) => {
    for (let row = 0; row < rows; row++) {
      for (const { node, parent, ancestor } of level) {
        if (node.feature_index === null || ancestor < 0) continue;
        const above = activations[row * n + ancestor];
        const at = row * n + node.feature_index;
        if (above <= 0) activations[at] = 0;
        else if (parent?.scale_children_by_parent) activations[at] *= above / means[ancestor];
      }
    }
    const conflicts: number[][] = [];
    for (let row = 0; row < rows; row++) {
      for (const { node } of level) {
        if (node.feature_index !== null && activations[row * n + node.feature_index] <= 0) continue;
        const group = groupOf(node).map((feature) => row * n + feature);
        if (group.filter((at) => activations[at] > 0).length > 1) conflicts.push(group);
      }
    }
    if (conflicts.length > 0) {
      const uniforms = draw(conflicts.length, width);
      conflicts.forEach((group, c) => {
        let winner = -1;
        group.forEach((at, i) => {
          if (activations[at] <= 0) return;
          if (winner < 0 || uniforms[c * width + i] > uniforms[c * width + winner]) winner = i;
        });
        group.forEach((at, i) => {
          if (i !== winner) activations[at] = 0;
        });
      });
    }
    afterLevel(depth);
  });
}

/** x = activations · feature vectors + bias, [rows, hidden_dim]. */
export function hiddenOf(
  world: Pick<World, 'featureVectors' | 'bias'>,
  activations: Float32Array,
): Float32Array {
  const d = world.bias.length;
  const n = world.featureVectors.length / d;
  const rows = activations.length / n;
  const x = new Float32Array(rows * d);
  for (let row = 0; row < rows; row++) {
    const sum = Float64Array.from(world.bias);
    for (let i = 0; i < n; i++) {
      const value = activations[row * n + i];
      if (value === 0) continue;
      for (let k = 0; k < d; k++) sum[k] += value * world.featureVectors[i * d + k];
    }
    x.set(sum, row * d);
  }
  return x;
}

/** The feature-bearing children among which only one may be active; empty where the node excludes nothing. */
function groupOf(node: ForestNode): number[] {
  if (!node.mutually_exclusive_children) return [];
  return node.children.flatMap((child) => (child.feature_index === null ? [] : [child.feature_index]));
}

function levelsOf(forest: Forest): LevelNode[][] {
  const levels: LevelNode[][] = [];
  let level: LevelNode[] = forest.roots.map((node) => ({ node, parent: null, ancestor: -1 }));
  while (level.length > 0) {
    levels.push(level);
    level = level.flatMap(({ node, ancestor }) =>
      node.children.map((child) => ({
        node: child,
        parent: node,
        ancestor: node.feature_index ?? ancestor,
      })),
    );
  }
  return levels;
}
