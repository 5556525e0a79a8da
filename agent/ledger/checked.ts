import type { Checked } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';

/**
 * A sprint with what its best gave at the end of the night. Where it did not hold, the sprint counts as
 * `held`, so the best before it is the best again; its confirmed numbers are those of all runs together.
 */
export function withCheck(sprint: Sprint, checked: Checked | null): Sprint {
  if (!checked || !sprint.confirmed || sprint.outcome !== 'new-best') return sprint;
  const { candidate, best, gain, holds, reason, takenBack } = checked;
  return {
    ...sprint,
    checked,
    outcome: holds ? 'new-best' : 'held',
    reason: `${sprint.reason}; ${checkWords(holds)}: ${reason}`,
    confirmed: { ...sprint.confirmed, candidate, best, gain },
    change: { ...sprint.change, kept: sprint.change.kept && !takenBack },
  };
}

/** What is said of a best that was confirmed, and of which no end of a night has measured anything. */
export const NOT_MEASURED_AGAIN = 'not measured again';

/** Whether that has to be said of this sprint. Those that were no best, or not confirmed, promise nothing. */
export const lacksCheck = ({
  outcome,
  confirmed,
  checked,
}: Pick<Sprint, 'outcome' | 'confirmed' | 'checked'>): boolean =>
  outcome === 'new-best' && confirmed !== undefined && checked === undefined;

/** How the check of a best is called wherever it is told. */
export const checkWords = (holds: boolean): string =>
  `measured again at the end of the night, it ${holds ? 'holds' : 'does not hold'}`;
