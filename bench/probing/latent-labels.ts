import { f1Of } from './best-cut.ts';
import type { CodeTable } from './code-table.ts';
import type { Label } from './probe.ts';

/** A latent with the label that it detects best by firing at all. */
export interface LabelledLatent {
  latent: number;
  /** Share of rows in which it fires. */
  rate: number;
  /** Null where it fires in no row that has a label. */
  label: string | null;
  precision: number;
  recall: number;
  f1: number;
}

/** All latents, in their order. Of labels that are detected as well, the first counts. */
export function latentLabels(
  { byRow, byLatent, rows, latents }: CodeTable,
  labels: readonly Label[],
): LabelledLatent[] {
  const fired = Array.from({ length: latents }, (_, i) => byLatent.offsets[i + 1] - byLatent.offsets[i]);
  const best = fired.map((count, latent): LabelledLatent => {
    return { latent, rate: count / Math.max(1, rows), label: null, precision: 0, recall: 0, f1: 0 };
  });
  for (const { name, rows: own } of labels) {
    const hits = new Float64Array(latents);
    for (const row of own)
      for (let e = byRow.offsets[row]; e < byRow.offsets[row + 1]; e++) hits[byRow.latents[e]]++;
    best.forEach((each, latent) => {
      const f1 = f1Of(hits[latent], fired[latent], own.length);
      if (f1 <= each.f1) return;
      const [precision, recall] = [hits[latent] / fired[latent], hits[latent] / own.length];
      best[latent] = { ...each, label: name, precision, recall, f1 };
    });
  }
  return best;
}

/** The rows in which a latent's code is largest, sign ignored, at most one of each group. */
export function strongestRows(
  { byLatent }: CodeTable,
  latent: number,
  count: number,
  groupOf: (row: number) => unknown,
): { row: number; value: number }[] {
  const codes: { row: number; value: number }[] = [];
  for (let e = byLatent.offsets[latent]; e < byLatent.offsets[latent + 1]; e++)
    codes.push({ row: byLatent.rows[e], value: byLatent.values[e] });
  codes.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.row - b.row);
  const groups = new Set<unknown>();
  const chosen: typeof codes = [];
  for (const code of codes) {
    if (chosen.length === count) break;
    const group = groupOf(code.row);
    if (groups.has(group)) continue;
    groups.add(group);
    chosen.push(code);
  }
  return chosen;
}
