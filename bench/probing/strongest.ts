import type { CodeTable } from './code-table.ts';

/** Sums of each latent's codes over the rows of a half. */
export interface Moments {
  rows: number;
  sum: Float64Array;
  square: Float64Array;
}

/** The moments of the rows that `half` marks. */
export function momentsOf({ byRow, rows, latents }: CodeTable, half: Uint8Array): Moments {
  const moments = { rows: 0, sum: new Float64Array(latents), square: new Float64Array(latents) };
  for (let row = 0; row < rows; row++) {
    if (half[row] === 0) continue;
    moments.rows++;
    for (let e = byRow.offsets[row]; e < byRow.offsets[row + 1]; e++) {
      moments.sum[byRow.latents[e]] += byRow.values[e];
      moments.square[byRow.latents[e]] += byRow.values[e] ** 2;
    }
  }
  return moments;
}

/**
 * The latents whose codes correlate most with a label, sign ignored, strongest first: at most `count`, and
 * none without a correlation. `rows` are those with the label. Of equal latents the first comes first.
 */
export function strongest(
  { byRow, latents }: CodeTable,
  moments: Moments,
  rows: ArrayLike<number>,
  count: number,
): { latent: number; correlation: number }[] {
  const positive = new Float64Array(latents);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    for (let e = byRow.offsets[row]; e < byRow.offsets[row + 1]; e++)
      positive[byRow.latents[e]] += byRow.values[e];
  }
  const n = moments.rows;
  const share = rows.length / n;
  const spread = Math.sqrt(share * (1 - share));
  const found: { latent: number; correlation: number }[] = [];
  for (let latent = 0; latent < latents; latent++) {
    const mean = moments.sum[latent] / n;
    const variance = moments.square[latent] / n - mean * mean;
    const covariance = positive[latent] / n - mean * share;
    if (!(variance > 0) || covariance === 0) continue;
    const correlation = covariance / Math.sqrt(variance) / spread;
    const weakest = found.at(-1);
    if (found.length === count && weakest && Math.abs(correlation) <= Math.abs(weakest.correlation)) continue;
    if (found.length === count) found.pop();
    const place = found.findIndex((each) => Math.abs(each.correlation) < Math.abs(correlation));
    found.splice(place < 0 ? found.length : place, 0, { latent, correlation });
  }
  return found;
}
