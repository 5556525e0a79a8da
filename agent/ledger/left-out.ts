import type { Pair } from '#contract/combining';
import type { MeasuredProfile } from '#contract/noise';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { begunWith, contentsOf } from './contents.ts';
import { decide, rulesOf } from './decide.ts';

/** A task and the profile whose leaderboard is looked at. */
export interface Judging {
  task: Task;
  profile: MeasuredProfile;
}

/**
 * The gains that the present best does not have, because they were made beside it: a gain over the best that
 * it began with, but not over the one that had become best meanwhile; or a best that was replaced by one that
 * was made beside it. Each is put together with the present best once. The queue is derived from the ledger,
 * so a crash loses none. `board`: the sprints of a leaderboard in the order of their verdicts.
 */
export function leftOut(board: readonly Sprint[], judging: Judging): Pair[] {
  const best = board.findLast(({ outcome }) => outcome === 'new-best');
  if (!best) return [];
  const contents = contentsOf(board);
  // One that was cut off is made again.
  const done = board.flatMap(({ combines, outcome }) =>
    combines && outcome !== 'interrupted' ? combines.left : [],
  );
  return board.flatMap((sprint) => {
    if (contents.has(sprint.id) || done.includes(sprint.id)) return [];
    const base = begunWith(board, sprint);
    const lost = base && wasBeside(board, sprint, base) && gainedOver(base, sprint, board, judging);
    return lost ? [{ base: base.id, best: best.id, left: sprint.id }] : [];
  });
}

/** Whether another best came between a sprint and the best that it began with, or took its own place. */
function wasBeside(board: readonly Sprint[], sprint: Sprint, base: Sprint): boolean {
  if (sprint.outcome === 'new-best') return true;
  if (sprint.outcome !== 'no-gain') return false;
  const earlier = board.slice(0, board.indexOf(sprint));
  return earlier.findLast(({ outcome }) => outcome === 'new-best') !== base;
}

/** Whether a sprint was the best, or by its verdict would have been if no other best had come between. */
function gainedOver(
  base: Sprint,
  { outcome, verdict, candidate, runs }: Sprint,
  board: readonly Sprint[],
  { task, profile }: Judging,
): boolean {
  const run = runs.find(({ id }) => id === candidate);
  if (!verdict || !run || run.from !== undefined) return false;
  if (outcome === 'new-best') return true;
  const bests = board
    .slice(0, board.indexOf(base) + 1)
    .flatMap((each) => (each.outcome === 'new-best' && each.verdict ? [each.verdict] : []));
  return decide(verdict, rulesOf(task, profile, bests)).outcome === 'new-best';
}

/** The sprints whose two gains could not be merged, and which no researcher was asked to combine yet. */
export function notMerged(board: readonly Sprint[]): Sprint[] {
  const asked = board.flatMap(({ handed, outcome }) => (handed && outcome !== 'interrupted' ? handed : []));
  return board.filter(({ id, combines }) => combines?.trouble !== undefined && !asked.includes(id));
}
