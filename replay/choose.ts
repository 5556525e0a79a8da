import type { LedgerFields } from '#contract/answer';
import { PATH, type Step } from './path.ts';

/** A closed sprint as the ledger shows it. `metrics` are the judge's, as shown. */
export type LedgerRow = LedgerFields['ledger'][number];

/** What the verdicts so far say about the steps of the path. */
export interface Standing {
  /** The number that decides. */
  metric: string;
  /** Steps that gave a gain, in the order of their sprints; the next candidate is built from them. */
  kept: Step[];
  /** Steps without gain, each with the last sprint that tried it. */
  rejected: { step: Step; row: LedgerRow }[];
  /** Steps that are not tried, because a step that they need gave no gain or was itself skipped. */
  skipped: Step[];
  /** The sprint of the present best; it may be a sprint outside of the path. */
  best: LedgerRow | null;
  /** The last sprint that tried the whole published recipe, and whether the best has that in it. */
  recipe: { row: LedgerRow; inBest: boolean } | null;
}

export interface Next {
  step: Step;
  /**
   * An earlier sprint of the same step that was cut off before its verdict, or gave no gain on another base.
   */
  again: { row: LedgerRow; cutOff: boolean } | null;
}

interface Trial {
  step: Step;
  row: LedgerRow;
  /** Slugs of the steps that were kept when this one was tried, sorted and joined. */
  base: string;
}

/** The number that decides where the ledger does not say it: in a conversation of an earlier version. */
export const METRIC = 'f1';

/** The outcomes after which a change stays in the workspace. */
const KEPT = ['new-best', 'stacked'];

/** A step that was interrupted this many times counts as tried: a further attempt would end the same way. */
const CUT_OFF_LIMIT = 2;

/**
 * The next step of the path by the ledger (oldest sprint first); `next` is null when no step is left. A step
 * with a gain is kept. A step without gain is left out of later candidates, and the steps that need it are
 * skipped. After every step has had its verdict, the first step without gain whose base has changed since is
 * tried once more; there is one such second trial in all.
 */
export function choose(
  ledger: readonly LedgerRow[],
  metric = METRIC,
): { standing: Standing; next: Next | null } {
  const kept: Step[] = [];
  const judged: Trial[] = [];
  const cut: Trial[] = [];
  let best: LedgerRow | null = null;
  let inBest = false;
  for (const row of ledger) {
    const step = stepOf(row.id);
    if (step) {
      const before = cut.filter((trial) => trial.step === step).length;
      const cutOff = row.outcome === 'interrupted' && before + 1 < CUT_OFF_LIMIT;
      (cutOff ? cut : judged).push({ step, row, base: baseOf(kept) });
      if (KEPT.includes(row.outcome) && !kept.includes(step)) kept.push(step);
    }
    if (row.outcome === 'new-best') {
      best = row;
      inBest = kept.some(({ isWhole }) => isWhole);
    }
  }

  const trialsOf = (step: Step) => judged.filter((trial) => trial.step === step);
  const possible = (step: Step) => step.needs.every((slug) => kept.some((have) => have.slug === slug));
  const open = PATH.filter((step) => trialsOf(step).length === 0);
  const rejected = PATH.filter((step) => !kept.includes(step)).flatMap((step) => trialsOf(step).slice(-1));
  // A step is skipped only if a step that it needs was rejected or skipped, not if that step is still to be
  // tried.
  const skipped: Step[] = [];
  for (const step of open) {
    const without = [...rejected.map((trial) => trial.step), ...skipped];
    if (step.needs.some((slug) => without.some((missing) => missing.slug === slug))) skipped.push(step);
  }
  const whole = judged.findLast(({ step }) => step.isWhole)?.row;
  const recipe = whole ? { row: whole, inBest } : null;
  const standing = { metric, kept, rejected, skipped, best, recipe };

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
