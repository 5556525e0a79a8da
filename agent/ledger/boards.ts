import type { Sprint } from '#contract/sprint';
import type { BranchSprint } from './all-branches.ts';

/** Sprints whose numbers may stand side by side: of one leaderboard, measured in one world. */
export interface Board {
  leaderboard: string;
  profile: string;
  /** The world that its verdicts are of; null while there is no verdict. */
  world: { name: string; hash: string } | null;
  metric: string;
  goal: Sprint['goal'];
  /** Verdicts that count, the best first. */
  ranked: BranchSprint[];
  /** Sprints without such a verdict: failed, refused by a guard, or started from other weights. */
  others: BranchSprint[];
}

/** The boards of sprints, the one with the newest sprint first. */
export function boardsOf(sprints: readonly BranchSprint[]): Board[] {
  const boards = new Map<string, Board>();
  // Sprints without a verdict come last: they belong to any board of their rules.
  const judged = sprints.filter(({ sprint }) => sprint.verdict);
  for (const one of [...judged, ...sprints.filter(({ sprint }) => !sprint.verdict)]) {
    const { sprint } = one;
    const { leaderboard, profile, metric, goal, verdict } = sprint;
    const same = [...boards.values()].filter((board) => board.leaderboard === leaderboard);
    const board = verdict ? same.find(({ world }) => world?.hash === verdict.world.hash) : same.at(-1);
    const fresh = { leaderboard, profile, metric, goal, world: verdict?.world ?? null };
    const to = board ?? { ...fresh, ranked: [], others: [] };
    boards.set(`${leaderboard} ${to.world?.hash}`, to);
    (counts(sprint) ? to.ranked : to.others).push(one);
  }
  for (const board of boards.values()) board.ranked.sort((a, b) => gain(board, b.sprint, a.sprint));
  const newest = ({ ranked, others }: Board) =>
    [...ranked, ...others].map(({ sprint }) => sprint.closedAt).reduce((a, b) => (a > b ? a : b), '');
  return [...boards.values()].sort((a, b) => (newest(a) > newest(b) ? -1 : 1));
}

const COUNT: ReadonlySet<string> = new Set(['new-best', 'stacked', 'no-gain']);

/** Whether the verdict of a sprint may be ranked: it passed the guards, with weights of its own. */
const counts = ({ outcome, verdict, metric }: Sprint): boolean =>
  COUNT.has(outcome) && verdict?.metrics[metric] !== undefined && verdict.from === undefined;

const deciding = ({ verdict, metric }: Sprint) => verdict?.metrics[metric] ?? Number.NaN;

/** How much better `sprint` is than `other`; below 0 where it is worse. */
export const gain = (board: Pick<Board, 'goal'>, sprint: Sprint, other: Sprint): number =>
  (board.goal === 'max' ? 1 : -1) * (deciding(sprint) - deciding(other));

/**
 * The sprints of all branches as one history, for what shows those of one branch: numbered by time, and with
 * their branch after the title. What stood before a sprint is the best of all branches then. A best of its
 * branch that was not better than that by more than the noise is no new best here, and its reason says so.
 * Boards of several worlds get leaderboards of their own.
 */
export function oneHistory(sprints: readonly BranchSprint[]): Sprint[] {
  const boards = boardsOf(sprints);
  const boardOf = new Map(boards.flatMap((b) => [...b.ranked, ...b.others].map((one) => [one, b] as const)));
  const bests = new Map<Board, BranchSprint>();
  return sprints.map((one, at) => {
    const { sprint, branch } = one;
    const board = boardOf.get(one) as Board;
    const best = bests.get(board);
    const shared = boards.filter(({ leaderboard }) => leaderboard === board.leaderboard).length > 1;
    const here: Sprint = {
      ...sprint,
      number: at + 1,
      title: `${sprint.title} (${branch}, sprint ${sprint.number})`,
      leaderboard: shared ? `${board.leaderboard}@${board.world?.hash}` : board.leaderboard,
      bestBefore: best ? standing(best.sprint) : sprint.bestBefore,
    };
    if (sprint.outcome !== 'new-best') return here;
    if (!best || best.branch === branch || gain(board, sprint, best.sprint) > sprint.noise) {
      bests.set(board, one);
      return here;
    }
    const reason = `the best of ${branch} then (${sprint.reason}); not better than sprint ${best.sprint.number} of ${best.branch} by more than the noise`;
    return { ...here, outcome: 'no-gain' as const, reason };
  });
}

/** A best as the sprint after it records it. */
const standing = ({ id, verdict }: Sprint): Sprint['bestBefore'] =>
  verdict && { sprint: id, run: verdict.run, metrics: verdict.metrics };
