import type { ForestNode } from '../../world/forest.ts';
import type { World } from '../../world/world.ts';

/** The bits of flags, as kernels/entries.cl has them. */
const EXCLUSIVE = 1;
const SCALING = 2;
const ORGANISATIONAL = 4;

/** The nodes of a world by place: what stands below nothing, then level by level. */
export interface Places {
  /** By place: the place of the first child, how many there are, flags, and a word that is not used. */
  nodes: Int32Array;
  /** By place: its feature, -1 where it is organisational. */
  features: Int32Array;
  /** Places of roots, and after them of features outside of the forest. */
  tops: number;
  /** Levels of the deepest tree, 1 where no tree has more than its root. */
  levels: number;
}

/** Lays out the nodes of a world, so that the children of a node lie side by side. */
export function placesOf({ forest, numFeatures }: World): Places {
  const order: ForestNode[] = [...forest.roots];
  const placed = new Uint8Array(numFeatures);
  const all = [...forest.roots];
  // Grows while it is read.
  for (const node of all) {
    if (node.feature_index !== null) placed[node.feature_index] = 1;
    for (const child of node.children) all.push(child);
  }
  for (let feature = 0; feature < numFeatures; feature++) if (!placed[feature]) order.push(flat(feature));
  const tops = order.length;
  const nodes: number[] = [];
  let [levels, end] = [1, tops];
  for (const [place, node] of order.entries()) {
    if (place === end) {
      levels++;
      end = order.length;
    }
    const { feature_index, mutually_exclusive_children, scale_children_by_parent, children } = node;
    nodes.push(
      order.length,
      children.length,
      (mutually_exclusive_children ? EXCLUSIVE : 0) |
        (scale_children_by_parent ? SCALING : 0) |
        (feature_index === null ? ORGANISATIONAL : 0),
      0,
    );
    for (const child of children) order.push(child);
  }
  return {
    nodes: Int32Array.from(nodes),
    features: Int32Array.from(order, ({ feature_index }) => feature_index ?? -1),
    ...{ tops, levels },
  };
}

const flat = (feature_index: number): ForestNode => ({
  ...{ feature_index, feature_id: null, children: [] },
  ...{ mutually_exclusive_children: false, scale_children_by_parent: false },
});
