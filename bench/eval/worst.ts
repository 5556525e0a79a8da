import type { SparseCodes } from '#contract/codes';
import type { VerdictTable } from '#contract/verdict';
import type { SparseRows } from '../sampler/sampler.ts';
import type { World } from '../world/world.ts';
import { Confusion } from './confusion.ts';
import type { Evaluation } from './evaluation.ts';
import { type LatentRow, latentRows } from './latents.ts';
import type { Matching } from './matching.ts';

/** How many latents a verdict names: a glimpse, where `inspect` shows all. */
const NAMED = 10;
/** Rows of a measurement by which false alarms are looked at. They are kept: some 10 MB in a large world. */
const LOOKED_AT = 50_000;

/** The first batches of a measurement. Which latents are worst is known at its end alone. */
export class FirstRows {
  readonly batches: { truth: SparseRows; codes: SparseCodes }[] = [];
  private rows = 0;

  add(truth: SparseRows, codes: SparseCodes): void {
    if (this.rows >= LOOKED_AT) return;
    this.rows += truth.rows;
    this.batches.push({ truth, codes });
  }
}

/**
 * The latents with the lowest F1, with what they are confused with. One that never fires has nothing to show:
 * a metric counts those.
 */
export function worstLatents(
  world: World,
  matching: Matching,
  evaluation: Evaluation,
  { batches }: FirstRows,
): VerdictTable {
  const { f1 } = evaluation.scores();
  const worst = Array.from(f1, (_, latent) => latent)
    .filter((latent) => evaluation.fired[latent] > 0)
    .sort((a, b) => f1[a] - f1[b] || a - b)
    .slice(0, NAMED);
  const confusion = new Confusion(f1.length, world.numFeatures, new Set(worst));
  for (const { truth, codes } of batches) confusion.add(truth, codes, matching.best);
  const rows = latentRows(world, matching, evaluation, confusion);
  return {
    name: 'latents with the lowest F1, of those that fire',
    columns: [
      ...['latent', 'feature', 'f1', 'precision', 'recall', 'cosine', 'fires %', 'feature fires %', 'depth'],
      'confused with',
    ],
    rows: worst.map((latent) => cellsOf(rows[latent])),
  };
}

function cellsOf(row: LatentRow): (number | string)[] {
  const { latent, feature, f1, precision, recall, cosine, latentRate, featureRate, depth } = row;
  const other = row.confusedWith;
  return [
    String(latent),
    feature,
    ...[f1, precision, recall].map((value) => Number(value.toFixed(3))),
    cosine,
    ...[latentRate, featureRate].map((rate) => Number((100 * rate).toFixed(2))),
    depth === null ? 'flat' : String(depth),
    other
      ? `${other.feature} (${other.relation}), in ${(100 * other.share).toFixed(0)} % of false alarms`
      : '–',
  ];
}
