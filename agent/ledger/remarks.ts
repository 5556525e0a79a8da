import type { Sprint } from '#contract/sprint';
import { lacksCheck, NOT_MEASURED_AGAIN } from './checked.ts';
import { pairRemarks } from './combined.ts';
import { NOT_OBSERVED } from './declared.ts';
import { bestOf } from './ledger.ts';
import { howSlow, timeOfCandidate } from './time-against.ts';

/**
 * What a reader should know of a candidate before its numbers: that it began with other weights, that it
 * took far longer than the best, that the best was not measured again, and what it was combined with.
 * `board`: the sprints of its leaderboard.
 */
export function remarksOn(sprint: Sprint, board: readonly Sprint[]): string[] {
  const from = sprint.verdict?.from;
  const slow = howSlow(timeOfCandidate(sprint, board));
  return [
    ...(from === undefined ? [] : [`started with the weights of ${from} (${NOT_OBSERVED})`]),
    ...(slow === null ? [] : [slow]),
    ...(lacksCheck(sprint) && bestOf(board, sprint.leaderboard)?.id === sprint.id
      ? [NOT_MEASURED_AGAIN]
      : []),
    ...pairRemarks(sprint, board),
  ];
}
