import type { Sprint } from '#contract/sprint';
import { pairRemarks } from './combined.ts';
import { NOT_OBSERVED } from './declared.ts';
import { howSlow, timeOfCandidate } from './time-against.ts';

/**
 * What a reader should know of a candidate before its numbers: that it began with other weights, that it took
 * far longer than the best, and what it was combined with. `board`: the sprints of its leaderboard.
 */
export function remarksOn(sprint: Sprint, board: readonly Sprint[]): string[] {
  const from = sprint.verdict?.from;
  const slow = howSlow(timeOfCandidate(sprint, board));
  return [
    ...(from === undefined ? [] : [`started with the weights of ${from} (${NOT_OBSERVED})`]),
    ...(slow === null ? [] : [slow]),
    ...pairRemarks(sprint, board),
  ];
}
