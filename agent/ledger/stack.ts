import type { Sprint } from '#contract/sprint';

/**
 * So many changes may be stacked on a best. More bring next to nothing: simulated nights gain as much without
 * a limit (`npm run test:statistics`), and nobody can review a longer stack.
 */
export const MOST_STACKED = 6;

/** The sprints of a leaderboard whose changes are stacked on its present best, the oldest first. */
export function stackOf(board: readonly Sprint[]): Sprint[] {
  const from = board.findLastIndex(({ outcome, change }) => outcome === 'new-best' || change.takenBack);
  return board.slice(from + 1).filter(({ outcome }) => outcome === 'stacked');
}

/**
 * The tree to which the workspace goes back where a candidate on a full stack is not confirmed: that before
 * the first stacked change. Null where the stack is not full, or where a change of infrastructure was kept
 * since then, which would be lost.
 */
export function beforeStack(board: readonly Sprint[]): string | null {
  const [first, ...more] = stackOf(board);
  if (!first || more.length + 1 < MOST_STACKED) return null;
  const since = board.slice(board.indexOf(first));
  const infrastructure = since.some(({ change }) => change.kept && change.infrastructure);
  return infrastructure ? null : first.change.treeBefore;
}
