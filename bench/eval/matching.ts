import { innerProducts } from '../gemm.ts';
import { normaliseRows } from '../world/dictionary.ts';
import { assign } from './assignment.ts';

/** Rows of length `dim`, each the direction of a latent or a feature. */
export interface Directions {
  count: number;
  dim: number;
  data: Float32Array;
}

/** How a decoder's latents compare with the true features; needs no samples. */
export interface Matching {
  /** |cosine| of each latent and each feature, [latents, features]. */
  cosines: Float32Array;
  /** Each latent's nearest feature, sign ignored, the first on ties; several latents may share one. */
  best: Int32Array;
  bestCosine: Float32Array;
  /** The best one-to-one assignment by |cosine|: each latent's feature, -1 where none is left. */
  assigned: Int32Array;
  /** Its mean |cosine| (the mean correlation coefficient). */
  mcc: number;
  /** Number of distinct nearest features, divided by the number of latents. */
  uniqueness: number;
}

/**
 * Matches latents to features. A zero row has cosine 0 with everything, so its nearest feature is the
 * first.
 */
export function matchLatents(latents: Directions, features: Directions): Matching {
  const cosines = absoluteCosines(latents, features);
  const { count: m } = latents;
  const { count: n } = features;
  const best = new Int32Array(m);
  const bestCosine = new Float32Array(m);
  for (let i = 0; i < m; i++) {
    for (let j = 1; j < n; j++) if (cosines[i * n + j] > cosines[i * n + best[i]]) best[i] = j;
    bestCosine[i] = cosines[i * n + best[i]];
  }
  const assigned = assign(
    cosines.map((c) => -c),
    m,
    n,
  );
  let sum = 0;
  assigned.forEach((j, i) => {
    if (j >= 0) sum += cosines[i * n + j];
  });
  return {
    cosines,
    best,
    bestCosine,
    assigned,
    mcc: sum / Math.min(m, n),
    uniqueness: new Set(best).size / m,
  };
}

function absoluteCosines(a: Directions, b: Directions): Float32Array {
  const cosines = innerProducts(unitRows(a), unitRows(b), a.dim);
  // In place: at 16k this is 268 MB.
  for (let i = 0; i < cosines.length; i++) cosines[i] = Math.abs(cosines[i]);
  return cosines;
}

function unitRows({ dim, data }: Directions): Float32Array {
  const rows = data.slice();
  normaliseRows(rows, dim);
  return rows;
}
