import { bestCut, f1Of } from './best-cut.ts';
import type { CodeTable } from './code-table.ts';
import { designOf, scoresOf } from './design.ts';
import { fitLogistic } from './logistic.ts';
import { type Moments, momentsOf, strongest } from './strongest.ts';

/** Latents of the larger probe, and those of which the best is the smaller one. */
const SEVERAL = 16;

/** A label to look for: the rows that have it, ascending. */
export interface Label {
  name: string;
  rows: Uint32Array;
}

/** How well a label is found by latents that were chosen and fitted on one half of the rows, on the other. */
export interface Probe {
  name: string;
  /** Rows that have the label: of the half that is fitted on, and of the other. */
  fitted: number;
  tested: number;
  /** The single latent that detects it best by firing, -1 where none does, and the F1 of that. */
  latent: number;
  single: number;
  /** The F1 of the best single latent above a threshold of its own. */
  cut: number;
  /** The F1 of a logistic regression on at most 16 latents. */
  several: number;
}

/**
 * Probes each label that both halves have (and do not have throughout). `half`: by row, 1 where it is fitted
 * on. A row in which none of a probe's latents fires is never said to have the label.
 */
export function probes(table: CodeTable, labels: readonly Label[], half: Uint8Array): Probe[] {
  const moments = momentsOf(table, half);
  const sorted = new SortedColumns(table, half);
  const marks = new Uint8Array(table.rows);
  return labels.flatMap((label) => {
    const fitted = label.rows.filter((row) => half[row] === 1);
    const tested = label.rows.length - fitted.length;
    if (fitted.length === 0 || fitted.length === moments.rows || tested === 0) return [];
    for (const row of label.rows) marks[row] = 1;
    const chosen = strongest(table, moments, fitted, SEVERAL);
    const best = bestSingle(sorted, marks, chosen, fitted.length, tested);
    const latents = chosen.map(({ latent }) => latent);
    const several = ofSeveral(table, moments, half, marks, latents, fitted.length, tested);
    for (const row of label.rows) marks[row] = 0;
    return [{ name: label.name, fitted: fitted.length, tested, ...best, several }];
  });
}

/** The latents' codes in the rows of each half, ascending; each latent is sorted when it is asked for. */
class SortedColumns {
  private readonly known = new Map<number, { fit: Column; test: Column }>();

  constructor(
    private readonly table: CodeTable,
    private readonly half: Uint8Array,
  ) {}

  of(latent: number): { fit: Column; test: Column } {
    const known = this.known.get(latent);
    if (known) return known;
    const { offsets, rows, values } = this.table.byLatent;
    const places = Array.from(
      { length: offsets[latent + 1] - offsets[latent] },
      (_, i) => offsets[latent] + i,
    );
    places.sort((a, b) => values[a] - values[b]);
    const column = (which: number): Column => {
      const own = places.filter((place) => this.half[rows[place]] === which);
      return {
        rows: Uint32Array.from(own, (place) => rows[place]),
        values: Float64Array.from(own, (place) => values[place]),
      };
    };
    const made = { fit: column(1), test: column(0) };
    this.known.set(latent, made);
    return made;
  }
}

interface Column {
  rows: Uint32Array;
  values: Float64Array;
}

function bestSingle(
  sorted: SortedColumns,
  marks: Uint8Array,
  chosen: readonly { latent: number; correlation: number }[],
  fitted: number,
  tested: number,
): Pick<Probe, 'latent' | 'single' | 'cut'> {
  const best = { latent: -1, single: 0, cut: 0 };
  const onFit = { single: 0, cut: 0 };
  for (const { latent, correlation } of chosen) {
    const { fit, test } = sorted.of(latent);
    const sign = Math.sign(correlation);
    const [hits, others] = [1, 0].map((mark) => scoresWith(fit, marks, mark, sign));
    const { threshold, f1 } = bestCut(hits, others, fitted, 0);
    const tests = [1, 0].map((mark) => scoresWith(test, marks, mark, sign));
    const above = (least: number): number => {
      const [found, wrong] = tests.map((scores) => scores.filter((score) => score > least).length);
      return f1Of(found, found + wrong, tested);
    };
    const firing = f1Of(hits.length, hits.length + others.length, fitted);
    if (firing > onFit.single) {
      onFit.single = firing;
      best.latent = latent;
      best.single = above(0);
    }
    if (f1 > onFit.cut) {
      onFit.cut = f1;
      best.cut = above(threshold);
    }
  }
  return best;
}

/** The codes above 0 of rows with this mark, ascending, with their sign turned where that is asked for. */
function scoresWith({ rows, values }: Column, marks: Uint8Array, mark: number, sign: number): Float64Array {
  const out = values.filter((value, i) => value * sign > 0 && marks[rows[i]] === mark);
  return sign > 0 ? out : out.reverse().map((value) => -value);
}

function ofSeveral(
  table: CodeTable,
  moments: Moments,
  half: Uint8Array,
  marks: Uint8Array,
  latents: readonly number[],
  fitted: number,
  tested: number,
): number {
  // Codes in units of their root mean square, so that the penalty is the same for all.
  const scales = latents.map((latent) => Math.sqrt(moments.square[latent] / moments.rows));
  const [fit, test] = [1, 0].map((which) => designOf(table, latents, scales, marks, half, which));
  const firing = fit.positive.reduce((sum, each) => sum + each, 0);
  const rest = {
    positives: fitted - firing,
    negatives: moments.rows - fit.positive.length - (fitted - firing),
  };
  const { weights, intercept } = fitLogistic(fit, rest, latents.length);
  const at = Float64Array.from([...weights, intercept]);
  const [hits, others] = scoresOf(fit, at);
  const { threshold } = bestCut(hits.sort(), others.sort(), fitted, Number.NEGATIVE_INFINITY);
  const [found, wrong] = scoresOf(test, at).map(
    (scores) => scores.filter((score) => score > threshold).length,
  );
  return f1Of(found, found + wrong, tested);
}
