import type { SprintRun } from '#contract/sprint';
import type { Verdict } from '#contract/verdict';
import { show } from '../common/words.ts';

/** The mark of a number that our side did not count itself. */
export const NOT_OBSERVED = 'declared, not observed';

type Observed = Pick<Verdict, 'observed'>;
type Declared = Pick<Verdict, 'declared' | 'from'>;

/** Whether a number of a verdict is only declared. */
export const isDeclared = ({ observed, declared }: Observed & Declared, field: string): boolean =>
  observed[field] === undefined && declared[field] !== undefined;

/** The words for an observed number: the rows of a data service are counted once each. */
export const observedName = (field: string): string =>
  field === 'rows_served' ? 'distinct_rows_served' : field;

/** What our side counted: "samples 2048000, width 128, distinct rows served 2150400". */
export const observedWords = ({ observed }: Observed): string =>
  Object.entries(observed)
    .map(([field, value]) => `${worded(observedName(field))} ${value}`)
    .join(', ');

/** What only the trainer, or whoever asked for the run, states: "learning rate 0.004, weights of its own". */
export function declaredWords({ declared, from }: Declared): string {
  const numbers = Object.entries(declared).map(([field, value]) => `${worded(field)} ${show(value)}`);
  return [...numbers, from === undefined ? 'weights of its own' : `weights of ${from}`].join(', ');
}

/** Conditions on numbers of a verdict in words; those on numbers that are only declared are marked. */
export const conditionsInWords = (
  conditions: Readonly<Record<string, string>>,
  declared: readonly string[] = [],
): string =>
  Object.entries(conditions)
    .map(
      ([field, condition]) => `${field} ${condition}${declared.includes(field) ? ` (${NOT_OBSERVED})` : ''}`,
    )
    .join(', ') || 'none';

/** What a run declares: that of its verdict, else that of its trainer. */
export const declaredBy = (run: Pick<SprintRun, 'verdict' | 'declared' | 'from'>): Declared => ({
  declared: run.verdict?.declared ?? run.declared ?? {},
  from: run.from ?? run.verdict?.from,
});

const worded = (field: string) => field.replaceAll('_', ' ');
