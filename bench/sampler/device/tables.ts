import type { World } from '../../world/world.ts';
import { planOf } from '../plan.ts';
import { placesOf } from './places.ts';

/** Tops whose uniform numbers are the words of one counter. */
const QUAD = 4;

/** A world as the kernels read it, by place (places.ts). */
export interface Tables {
  rank: number;
  /** Nodes of the forest and features outside of it. */
  places: number;
  tops: number;
  levels: number;
  /** Tops in fours, the last filled up. */
  quads: number;
  /** By place: its feature, -1 where it is organisational. */
  features: Int32Array;
  nodes: Int32Array;
  /** [places, rank], and of tops alone [rank, 4 quads]. */
  loadings: Float32Array;
  topLoadings: Float32Array;
  cutoffs: Float32Array;
  topCutoffs: Float32Array;
  /** Mean and std of each place. */
  magnitudes: Float32Array;
  /** Numbers of a vector in pairs, the last filled up. */
  pairs: number;
  vectors: Float32Array;
  bias: Float32Array;
}

export function tablesOf(world: World): Tables {
  const { rank, ...plan } = planOf(world);
  const { nodes, features, tops, levels } = placesOf(world);
  const places = features.length;
  const quads = Math.ceil(tops / QUAD);
  const pairs = Math.ceil(world.hiddenDim / 2);
  const loadings = new Float32Array(places * rank);
  const topLoadings = new Float32Array(rank * quads * QUAD);
  // Always a candidate where it is organisational, and never beyond the tops.
  const cutoffs = new Float32Array(places).fill(Number.NEGATIVE_INFINITY);
  const topCutoffs = new Float32Array(quads * QUAD).fill(Number.POSITIVE_INFINITY);
  const magnitudes = new Float32Array(2 * places);
  const vectors = new Float32Array(places * pairs * 2);
  const d = world.hiddenDim;
  for (const [place, feature] of features.entries()) {
    if (feature >= 0) {
      cutoffs[place] = plan.cutoffs[feature];
      loadings.set(plan.loadings.subarray(feature * rank, (feature + 1) * rank), place * rank);
      magnitudes.set([world.means[feature], world.stds[feature]], 2 * place);
      vectors.set(world.featureVectors.subarray(feature * d, (feature + 1) * d), place * pairs * 2);
    }
    if (place >= tops) continue;
    topCutoffs[place] = cutoffs[place];
    for (let k = 0; k < rank; k++) topLoadings[k * quads * QUAD + place] = loadings[place * rank + k];
  }
  const bias = new Float32Array(pairs * 2);
  bias.set(world.bias);
  return {
    ...{ rank, places, tops, levels, quads, features, nodes, loadings, topLoadings, cutoffs, topCutoffs },
    ...{ magnitudes, pairs, vectors, bias },
  };
}
