import { BUCKET, type Plan } from './plan.ts';

/*
 * The arguments A_i·z - c_i of the features in buckets, in whole numbers: 16 bits for a factor and a
 * loading, 32 for a sum, 16 for a result. That takes less than half of the time of float32, and is the same
 * on every machine. With an error for each row they bound the true arguments from above.
 */

/** A factor's whole number is FACTOR times it. */
export const FACTOR = 2 ** 12;
const MOST = 32767;
/** Factors that 16 bits can hold. */
const MOST_FACTOR = MOST / FACTOR;
/** Beyond this a cutoff decides alone. Phi(-40) is 0 in double precision. */
const MOST_CUTOFF = 40;
/** A bound is stored in parts of 1/256: eight bits after the point, and seven before it. */
const BITS = 8;

/** The coefficients of the features in buckets. */
export interface WholeNumbers {
  /** [bucket][pair][BUCKET] pairs of loadings, times `scale / FACTOR`. */
  loadings: Int16Array;
  /** [bucket][BUCKET] minus the cutoffs, times `scale`. */
  offsets: Int32Array;
  pairs: number;
  /**
   * A sum is `scale` times the argument. Without its last `shift` bits it is stored, and `unit` times what
   * is stored is the bound.
   */
  scale: number;
  shift: number;
  unit: number;
  /** By factor: the largest of the loadings. */
  largest: Float64Array;
}

export function wholeNumbersOf({ rank, top, loadings, cutoffs }: Plan): WholeNumbers {
  const pairs = Math.ceil(rank / 2);
  const largest = new Float64Array(rank);
  let sum = 0;
  for (const feature of top) {
    if (feature < 0) continue;
    const row = loadings.subarray(feature * rank, (feature + 1) * rank);
    for (const [k, loading] of row.entries()) largest[k] = Math.max(largest[k], Math.abs(loading));
    sum = Math.max(
      sum,
      row.reduce((all, loading) => all + Math.abs(loading), 0),
    );
  }
  const ofLoading = powerOfTwoBelow(
    Math.min(
      MOST / Math.max(1e-9, ...largest),
      (2 ** 31 - 1) / (FACTOR * (MOST_FACTOR * (sum + 1) + MOST_CUTOFF)),
    ),
  );
  const scale = FACTOR * ofLoading;
  const shift = Math.max(0, Math.log2(scale) - BITS);
  const whole = {
    loadings: new Int16Array(top.length * pairs * 2),
    offsets: new Int32Array(top.length),
    pairs,
    scale,
    shift,
    unit: 2 ** shift / scale,
    largest,
  };
  top.forEach((feature, position) => {
    // A place that only fills up a bucket never fires.
    const cutoff = feature < 0 ? MOST_CUTOFF : cutoffs[feature];
    const cut = Math.max(-MOST_CUTOFF, Math.min(MOST_CUTOFF, cutoff));
    whole.offsets[position] = Math.round(-cut * whole.scale);
    // A smaller cutoff fires whatever the factors are.
    if (feature < 0 || cutoff < cut) return;
    const panel = Math.floor(position / BUCKET) * pairs * BUCKET * 2;
    for (let k = 0; k < rank; k++) {
      const at = panel + (k >> 1) * BUCKET * 2 + (position % BUCKET) * 2 + (k & 1);
      whole.loadings[at] = Math.round(loadings[feature * rank + k] * ofLoading);
    }
  });
  return whole;
}

/**
 * Writes the factors of a row as whole numbers, and returns how far a bound made of them may be below the
 * true argument.
 */
export function writeFactors(
  { largest, pairs, scale, unit }: WholeNumbers,
  z: Float64Array,
  row: number,
  out: Int16Array,
): number {
  const rank = largest.length;
  const half = (0.5 * FACTOR) / scale;
  // The cutoff was rounded, and the sum is rounded down to a unit.
  let error = 0.5 / scale + unit;
  for (let k = 0; k < rank; k++) {
    const factor = z[row * rank + k];
    const number = Math.max(-MOST, Math.min(MOST, Math.round(factor * FACTOR)));
    out[row * pairs * 2 + k] = number;
    const taken = number / FACTOR;
    error += Math.abs(factor - taken) * largest[k] + Math.abs(taken) * half;
  }
  return error;
}

const powerOfTwoBelow = (x: number): number => 2 ** Math.floor(Math.log2(x));
