import { type Forest, placements } from './forest.ts';

/**
 * Factors that compensate for the hierarchy. A child fires only with its ancestor (factor: 1/p of the
 * ancestor), and only one of exclusive siblings fires (factor: 1 + the siblings' base probabilities / the
 * parent's). All use BASE probabilities, so the correction is approximate: real rates lie below the base
 * ones.
 */
export function correctionFactors(forest: Forest, base: Float32Array): Float64Array {
  const factors = new Float64Array(base.length).fill(1);
  for (const { node, parent, ancestor } of placements(forest)) {
    const index = node.feature_index as number;
    const above = ancestor === null ? 1 : base[ancestor];
    let factor = 1 / above;
    if (parent?.mutually_exclusive_children) {
      const siblings = parent.children.flatMap((child) =>
        child.feature_index === null ? [] : [child.feature_index],
      );
      if (siblings.length >= 2) {
        const others = siblings.reduce((sum, i) => sum + base[i], 0) - base[index];
        factor *= 1 + Math.max(0, others) / above;
      }
    }
    factors[index] = factor;
  }
  return factors;
}

/** min(1, base · factor), float32. */
export function correctedProbabilities(base: Float32Array, factors: Float64Array): Float32Array {
  return base.map((p, i) => Math.min(1, p * factors[i]));
}
