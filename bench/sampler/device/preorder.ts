import type { ForestNode } from '../../world/forest.ts';
import type { World } from '../../world/world.ts';

/** Numbers of a node in `nodes`, and the bits of its flags, as sampler.cl has them. */
const WORDS = 4;
const EXCLUSIVE = 1;
const SCALING = 2;

/** A world's forest in preorder, features outside of it at the end, as nodes without any below. */
export interface Preorder {
  /** By place: feature (-1: organisational), level, the place after the last node below it, flags. */
  nodes: Int32Array;
  /** The places of what stands below nothing. */
  tops: Int32Array;
  /** Levels of the deepest tree, 1 where no tree has more than its root. */
  levels: number;
}

/** Lays out the nodes of a world: what is below a node comes right after it, so that it can be skipped. */
export function preorderOf({ forest, numFeatures }: World): Preorder {
  const nodes: number[] = [];
  const tops: number[] = [];
  const placed = new Uint8Array(numFeatures);
  let levels = 1;
  const lay = (node: ForestNode, level: number): void => {
    const at = nodes.length;
    const feature = node.feature_index ?? -1;
    if (feature >= 0) placed[feature] = 1;
    const { mutually_exclusive_children, scale_children_by_parent } = node;
    const flags = (mutually_exclusive_children ? EXCLUSIVE : 0) | (scale_children_by_parent ? SCALING : 0);
    nodes.push(feature, level, 0, flags);
    levels = Math.max(levels, level + 1);
    for (const child of node.children) lay(child, level + 1);
    nodes[at + 2] = nodes.length / WORDS;
  };
  for (const root of forest.roots) {
    tops.push(nodes.length / WORDS);
    lay(root, 0);
  }
  for (let feature = 0; feature < numFeatures; feature++) {
    if (placed[feature]) continue;
    const at = nodes.length / WORDS;
    tops.push(at);
    nodes.push(feature, 0, at + 1, 0);
  }
  return { nodes: Int32Array.from(nodes), tops: Int32Array.from(tops), levels };
}
