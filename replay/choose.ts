import type { LedgerFields } from '#contract/answer';
import { PATH, type Step } from './path.ts';

/** A closed sprint as the ledger shows it. `metrics` are the judge's, as shown. */
export type LedgerRow = LedgerFields['ledger'][number];

/** Where the walk stands by the verdicts. */
export interface Standing {
  /** Steps that gave a gain, in the order in which they did: what the next candidate is made of. */
  kept: Step[];
  /** Steps without gain, each with the sprint that said so. */
  rejected: { step: Step; row: LedgerRow }[];
  /** Steps never tried, because they build on one without gain. */
  skipped: Step[];
  /** The sprint of the present best, whoever made it. */
  best: LedgerRow | null;
}

export interface Next {
  step: Step;
  /** An earlier sprint of the same step: cut off before its verdict, or without gain on another base. */
  again: { row: LedgerRow; cutOff: boolean } | null;
}

interface Trial {
  step: Step;
  row: LedgerRow;
  /** The steps kept when it was tried. */
  base: string;
}

/** A step is cut off twice, then it counts as tried: whatever ended it would end it again. */
const CUT_OFF_LIMIT = 2;

/**
 * The next step of the path by the ledger (oldest first); `next` is null when the path is walked. A step with
 * a gain stays; one without is left out of later ones, and what builds on it is not tried. When every step
 * has had its verdict, the first one without gain whose base has changed since is tried once more, on what is
 * best now: one follow-up in all.
 */
export function choose(ledger: readonly LedgerRow[]): { standing: Standing; next: Next | null } {
  const kept: Step[] = [];
  const judged: Trial[] = [];
  const cut: Trial[] = [];
  let best: LedgerRow | null = null;
  for (const row of ledger) {
    const step = stepOf(row.id);
    if (step) {
      const before = cut.filter((trial) => trial.step === step).length;
      const cutOff = row.outcome === 'interrupted' && before + 1 < CUT_OFF_LIMIT;
      (cutOff ? cut : judged).push({ step, row, base: baseOf(kept) });
      if (row.outcome === 'new-best' && !kept.includes(step)) kept.push(step);
    }
    if (row.outcome === 'new-best') best = row;
  }

  const trialsOf = (step: Step) => judged.filter((trial) => trial.step === step);
  const possible = (step: Step) => step.needs.every((slug) => kept.some((have) => have.slug === slug));
  const open = PATH.filter((step) => trialsOf(step).length === 0);
  const rejected = PATH.filter((step) => !kept.includes(step)).flatMap((step) => trialsOf(step).slice(-1));
  // Not merely still to come: what the step needs has had its verdict, or can have none itself.
  const skipped: Step[] = [];
  for (const step of open) {
    const without = [...rejected.map((trial) => trial.step), ...skipped];
    if (step.needs.some((slug) => without.some((missing) => missing.slug === slug))) skipped.push(step);
  }
  const standing = { kept, rejected, skipped, best };

  const first = open.find(possible);
  if (first) {
    const row = cut.findLast((trial) => trial.step === first)?.row;
    return { standing, next: { step: first, again: row ? { row, cutOff: true } : null } };
  }
  const followed = PATH.some((step) => trialsOf(step).length > 1);
  const second = rejected.find(({ step, base }) => possible(step) && base !== baseOf(kept));
  if (followed || !second) return { standing, next: null };
  return { standing, next: { step: second.step, again: { row: second.row, cutOff: false } } };
}

const baseOf = (kept: readonly Step[]) =>
  kept
    .map(({ slug }) => slug)
    .sort()
    .join(' ');

/**
 * The step that a sprint tried, by the name of its folder; undefined for a sprint that is not of the path.
 */
export function stepOf(sprintId: string): Step | undefined {
  const slug = sprintId
    .replace(/^\d{4}-\d{2}-\d{2}--\d{2}-\d{2}-/, '')
    .replace(/-\d+$/, '')
    .replace(/-again$/, '');
  return PATH.find((step) => step.slug === slug);
}
