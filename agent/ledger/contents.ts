import type { Sprint } from '#contract/sprint';

/** The changes that a best has: its own, and those that its sprint began with. Ids of sprints. */
type Contents = ReadonlySet<string>;

/**
 * Which sprints' changes the present best has, read off the times at which sprints were opened and closed: of
 * two bests that were made side by side, the later one lacks the earlier. A sprint that put two gains
 * together has both. `board`: the sprints of a leaderboard in the order of their verdicts.
 */
export function contentsOf(board: readonly Sprint[]): Contents {
  let history: { from: string; contents: Contents }[] = [{ from: '', contents: new Set() }];
  for (const sprint of board) {
    const before = history.findLast(({ from }) => from === '' || from <= sprint.openedAt);
    const now = history.at(-1)?.contents ?? new Set<string>();
    const after = contentsAfter(sprint, now, before?.contents ?? new Set());
    if (after !== now) history = [...history, { from: sprint.closedAt, contents: after }];
  }
  return history.at(-1)?.contents ?? new Set();
}

function contentsAfter({ id, outcome, change, combines }: Sprint, now: Contents, began: Contents): Contents {
  const left = combines && combines.trouble === undefined ? [combines.left] : [];
  return outcome === 'new-best' || change.kept ? new Set([...began, id, ...left]) : now;
}

/** The best that a sprint began with: the last one that had its verdict by then. */
export const begunWith = (board: readonly Sprint[], { openedAt }: Sprint): Sprint | undefined =>
  board.findLast(({ outcome, closedAt }) => outcome === 'new-best' && closedAt <= openedAt);
