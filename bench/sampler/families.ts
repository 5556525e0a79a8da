import type { Plan } from './plan.ts';

export const QUAD = 4;

/** Coefficients of the children of each node, laid out in quads of features. */
export interface Families {
  /** By node: where its family begins, in quads; and where the last one ends. */
  quads: Int32Array;
  /** [quad][rank][QUAD] */
  loadings: Float32Array;
  /** [quad][QUAD] */
  cutoffs: Float32Array;
}

export function familiesOf({ rank, loadings, cutoffs, childStart, childList }: Plan): Families {
  const nodes = childStart.length - 1;
  const quads = new Int32Array(nodes + 1);
  for (let i = 0; i < nodes; i++) {
    quads[i + 1] = quads[i] + Math.ceil((childStart[i + 1] - childStart[i]) / QUAD);
  }
  const members = quads[nodes] * QUAD;
  const families = {
    quads,
    loadings: new Float32Array(members * rank),
    cutoffs: new Float32Array(members),
  };
  for (let node = 0; node < nodes; node++) {
    for (let i = childStart[node]; i < childStart[node + 1]; i++) {
      const feature = childList[i];
      const position = quads[node] * QUAD + i - childStart[node];
      if (feature >= cutoffs.length) {
        // An organisational node must never fire.
        families.cutoffs[position] = 1e30;
        continue;
      }
      families.cutoffs[position] = cutoffs[feature];
      const panel = Math.floor(position / QUAD) * rank * QUAD + (position % QUAD);
      for (let k = 0; k < rank; k++) families.loadings[panel + k * QUAD] = loadings[feature * rank + k];
    }
  }
  return families;
}
