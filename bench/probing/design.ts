import type { CodeTable } from './code-table.ts';
import { type Design, scoreOf } from './logistic.ts';

/**
 * The rows of a half in which one of the latents fires, ascending, with the latents' codes divided by their
 * scales.
 */
export function designOf(
  { byLatent, rows }: CodeTable,
  latents: readonly number[],
  scales: readonly number[],
  marks: Uint8Array,
  half: Uint8Array,
  which: number,
): Design {
  const each = (visit: (feature: number, row: number, value: number) => void): void => {
    latents.forEach((latent, feature) => {
      for (let e = byLatent.offsets[latent]; e < byLatent.offsets[latent + 1]; e++) {
        const row = byLatent.rows[e];
        if (half[row] === which) visit(feature, row, byLatent.values[e] / scales[feature]);
      }
    });
  };
  const counts = new Uint8Array(rows);
  each((_, row) => counts[row]++);
  const place = new Uint32Array(rows);
  const positive = new Uint8Array(counts.reduce((sum, count) => sum + Number(count > 0), 0));
  const offsets = new Uint32Array(positive.length + 1);
  let own = 0;
  for (let row = 0; row < rows; row++) {
    if (counts[row] === 0) continue;
    place[row] = offsets[own];
    positive[own] = marks[row];
    offsets[own + 1] = offsets[own] + counts[row];
    own++;
  }
  const features = new Uint8Array(offsets[own]);
  const values = new Float64Array(offsets[own]);
  each((feature, row, value) => {
    features[place[row]] = feature;
    values[place[row]++] = value;
  });
  return { offsets, features, values, positive };
}

/** The scores of the rows with the label, and of those without it. */
export function scoresOf(design: Design, at: Float64Array): [Float64Array, Float64Array] {
  const { positive } = design;
  const hits = new Float64Array(positive.reduce((sum, each) => sum + each, 0));
  const others = new Float64Array(positive.length - hits.length);
  let [hit, other] = [0, 0];
  for (let row = 0; row < positive.length; row++) {
    const score = scoreOf(design, row, at);
    if (positive[row] === 1) hits[hit++] = score;
    else others[other++] = score;
  }
  return [hits, others];
}
