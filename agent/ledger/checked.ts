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

/** How the check of a best is called wherever it is told. */
export const checkWords = (holds: boolean): string =>
  `measured again at the end of the night, it ${holds ? 'holds' : 'does not hold'}`;
