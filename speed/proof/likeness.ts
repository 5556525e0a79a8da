import type { SparseRows } from '#bench/sampler/sampler';

/** How far the rates at which features fire differ between two samplers, in standard errors. */
export interface Likeness {
  /** Features that fired often enough to be compared. */
  features: number;
  /** Root mean square of their z-scores, and the largest: of one distribution near 1, and below 5. */
  rms: number;
  worst: number;
  isAlike: boolean;
}

interface Drawing {
  sample(index: number, rows: number): SparseRows;
}

const ROWS = 1024;
/** A rarer one has no normal scores. */
const LEAST = 10;
const WORST = 5;
/** A tenth, or what chance makes of few features: three standard errors of the root mean square. */
const mayDiffer = (features: number): number => Math.max(0.1, 3 / Math.sqrt(2 * features));

/** Compares the rates of all features that two samplers draw, each in so many batches. */
export function likenessOf(features: number, tried: Drawing, trusted: Drawing, batches: number): Likeness {
  const [ours, theirs] = [tried, trusted].map((drawing) => {
    const counts = new Float64Array(features);
    for (let batch = 0; batch < batches; batch++)
      for (const feature of drawing.sample(batch, ROWS).features) counts[feature]++;
    return counts;
  });
  const rows = ROWS * batches;
  const scores = [...ours].flatMap((count, i) => {
    const rate = (count + theirs[i]) / (2 * rows);
    if (rate * rows < LEAST) return [];
    if (count === theirs[i]) return [0];
    return [(count - theirs[i]) / rows / Math.sqrt((2 * rate * (1 - rate)) / rows)];
  });
  const rms = Math.sqrt(scores.reduce((sum, z) => sum + z * z, 0) / scores.length);
  const worst = Math.max(...scores.map(Math.abs));
  const isAlike = Math.abs(rms - 1) <= mayDiffer(scores.length) && worst <= WORST;
  return { features: scores.length, rms, worst, isAlike };
}
