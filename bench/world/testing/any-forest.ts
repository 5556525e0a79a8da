import fc from 'fast-check';
import type { Forest, ForestNode } from '../forest.ts';

/**
 * Any forest: organisational nodes, exclusive or not, scaling or not, any depth, some features flat. At most
 * 14 features.
 */
export const anyForest = fc
  .array(
    fc.record({ parent: fc.nat(), open: fc.boolean(), exclusive: fc.boolean(), scaling: fc.boolean() }),
    { minLength: 1, maxLength: 14 },
  )
  .map((specs): Forest => {
    const nodes: ForestNode[] = [];
    const roots: ForestNode[] = [];
    let next = 0;
    for (const spec of specs) {
      const node: ForestNode = {
        feature_index: spec.open ? null : next++,
        mutually_exclusive_children: spec.exclusive,
        scale_children_by_parent: spec.scaling,
        feature_id: null,
        children: [],
      };
      const at = spec.parent % (nodes.length + 1);
      if (at === nodes.length) roots.push(node);
      else nodes[at].children.push(node);
      nodes.push(node);
    }
    return { roots };
  });
