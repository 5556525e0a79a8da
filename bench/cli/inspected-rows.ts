import { UserError } from '#contract/errors';
import { openWords, type Words } from '../activations/words.ts';
import { openRowsCase, type RowsMeasurement, rowMetricsOf } from '../judge/rows.ts';
import type { CaseOptions, Subject } from '../judge/subject.ts';
import { type LabelledLatent, latentLabels, strongestRows } from '../probing/latent-labels.ts';
import { numbersOf, type PickOptions } from './pick-latents.ts';

/** Contexts in which a latent is shown. */
const CONTEXTS = 4;

/** What has been learned on rows that are held out. */
export interface RowsLook {
  title: string;
  /** The names of numbers, and what is probed for. */
  summary: string[];
  rows: LabelledLatent[];
  /** These latents as text, each with its strongest tokens. */
  lines(rows: readonly LabelledLatent[]): string[];
}

/** Measures a run, or a saved SAE, on rows that are held out, and says what its latents detect. */
export async function lookAtRows(
  subject: Subject,
  options: CaseOptions & { samples?: number },
  file = 'checkpoint.safetensors',
): Promise<RowsLook> {
  const opened = await openRowsCase(subject, options);
  const { folder, activations } = opened.world;
  const measurement = await opened.measure(file, options.samples ?? subject.profile.evaluation.snapshot);
  const words = openWords(folder, activations);
  const rows = latentLabels(measurement.table, measurement.labels);
  const { deciding } = rowMetricsOf(measurement);
  return {
    title: `${subject.name}: ${rows.length} latents, ${measurement.samples} held-out rows`,
    summary: [
      Object.entries(deciding)
        .map(([name, value]) => `${name} ${Number(value.toFixed(3))}`)
        .join('  '),
      `probed for: ${measurement.probed.about}`,
    ],
    rows,
    lines: (picked) => [HEAD, ...picked.flatMap((row) => linesOf(row, measurement, words))],
  };
}

const HEAD = 'latent  fires %  precision   recall       F1  detects best';

function linesOf(
  { latent, rate, precision, recall, f1, label }: LabelledLatent,
  { table, places }: RowsMeasurement,
  words: Words | null,
): string[] {
  const numbers = [precision, recall, f1].map((value) => value.toFixed(3).padStart(9)).join('');
  const head = `${String(latent).padStart(6)}  ${(100 * rate).toFixed(2).padStart(7)}  ${numbers}  ${label ?? '-'}`;
  if (words === null) return [head];
  const shown = strongestRows(table, latent, CONTEXTS, (row) => words.contextOf(places[row]));
  return [
    head,
    ...shown.map(({ row, value }) => `        ${value.toFixed(2).padStart(7)}  ${words.around(places[row])}`),
  ];
}

/** The latents that were asked for by their numbers; null where none were. @throws UserError */
export function chosenRows(rows: readonly LabelledLatent[], options: PickOptions): LabelledLatent[] | null {
  return numbersOf(rows.length, options)?.map((latent) => rows[latent]) ?? null;
}

/** Latents that fire, the worst first. @throws UserError for an order that needs true features */
export function worstRowsFirst(rows: readonly LabelledLatent[], { sort }: PickOptions): LabelledLatent[] {
  if (sort === 'cosine') throw new UserError('--sort cosine: there are no true features to compare with');
  return rows.filter(({ rate }) => rate > 0).sort((a, b) => a[sort] - b[sort] || a.latent - b.latent);
}
