/** F1 by counts, 0 where undefined. `predicted` and `positives` count rows. */
export const f1Of = (hits: number, predicted: number, positives: number): number =>
  hits > 0 ? (2 * hits) / (predicted + positives) : 0;

/** Predicts a label for each score above the threshold. */
export interface Cut {
  threshold: number;
  f1: number;
}

/**
 * The threshold with the highest F1; the highest one, where several are as good. `hits` and `others` are the
 * scores of rows with the label and without it, each ascending; rows that have no score are not predicted.
 * `positives`: rows with the label, also those without a score. `floor`: the threshold that takes all scores.
 */
export function bestCut(hits: Float64Array, others: Float64Array, positives: number, floor: number): Cut {
  const best: Cut = { threshold: Number.POSITIVE_INFINITY, f1: 0 };
  let hit = hits.length;
  let other = others.length;
  while (hit > 0 || other > 0) {
    const score = Math.max(last(hits, hit), last(others, other));
    while (hit > 0 && hits[hit - 1] === score) hit--;
    while (other > 0 && others[other - 1] === score) other--;
    const taken = hits.length - hit;
    const f1 = f1Of(taken, taken + others.length - other, positives);
    if (f1 <= best.f1) continue;
    best.f1 = f1;
    best.threshold = between(Math.max(last(hits, hit), last(others, other)), score, floor);
  }
  return best;
}

const last = (scores: Float64Array, count: number): number =>
  count > 0 ? scores[count - 1] : Number.NEGATIVE_INFINITY;

/** Halfway between two neighbouring scores. */
function between(below: number, score: number, floor: number): number {
  if (below === Number.NEGATIVE_INFINITY) return floor;
  const middle = below + (score - below) / 2;
  return middle < score ? middle : below;
}
