import type { LatentRow } from '../eval/latents.ts';

/** Latents as a text table, one a line. `confused`: with what each is most confused with. */
export function latentLines(rows: readonly LatentRow[], confused = true): string[] {
  const head = ['latent', 'feature', 'cosine', 'precision', 'recall', 'F1', 'fires %', 'feature %', 'depth'];
  const width = [6, 8, 7, 9, 7, 7, 8, 9, 6];
  const line = (cells: readonly string[], tail: string): string =>
    `${cells.map((cell, i) => cell.padStart(width[i])).join(' ')}  ${confused ? tail : ''}`.trimEnd();
  return [
    line(head, 'confused with'),
    ...rows.map((row) =>
      line(
        [
          String(row.latent),
          row.feature,
          row.cosine.toFixed(2),
          ...[row.precision, row.recall, row.f1].map((value) => value.toFixed(3)),
          ...[row.latentRate, row.featureRate].map((rate) => (100 * rate).toFixed(2)),
          row.depth === null ? 'flat' : String(row.depth),
        ],
        row.confusedWith
          ? `${row.confusedWith.feature} ${row.confusedWith.relation} ${(100 * row.confusedWith.share).toFixed(0)} %`
          : '-',
      ),
    ),
  ];
}
