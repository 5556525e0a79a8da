import type { SprintRun } from '#contract/sprint';
import { declaredWords, observedWords } from '../../ledger/declared.ts';
import { remarksOn } from '../../ledger/remarks.ts';
import { outOfProportion, timeInSprint, timeOfCandidate } from '../../ledger/time-against.ts';
import { type Badge, type Inline, text } from '../document/tree.ts';
import type { Context } from './context.ts';

/**
 * What our side counted of the candidate, what was only declared, and its time where that is out of
 * proportion to the best's.
 */
export function observedRows({ sprint, history }: Context): { label: string; c: Inline[] }[] {
  if (!sprint.verdict) return [];
  const slow = outOfProportion(timeOfCandidate(sprint, history));
  return [
    { label: 'Observed', c: [text(observedWords(sprint.verdict))] },
    { label: 'Declared', c: [text(`${declaredWords(sprint.verdict)}: declared, not observed`)] },
    ...(sprint.verdict.remarks ?? []).map((remark) => ({ label: 'Remark of the judge', c: [text(remark)] })),
    ...(slow === null ? [] : [{ label: 'Out of proportion', c: [text(`the candidate ${slow}`)] }]),
  ];
}

/** The marks of a candidate that began with other weights, or that took far longer than the best. */
export const doubts = ({ sprint, history }: Context): Badge[] =>
  remarksOn(sprint, history).map((v) => ({ v, tone: 'warn' }));

/** How many times as long as the best a run took, in brackets, where that is out of proportion. */
export function slowMark(run: SprintRun, { sprint, history }: Context): string {
  const time = timeInSprint(run, sprint, history);
  return time && outOfProportion(time) ? ` (${time.times.toFixed(1)} × the best's)` : '';
}
