import type { Sprint, SprintRun } from '#contract/sprint';
import type { Task } from '#contract/task';
import { remarksOn } from '../../ledger/remarks.ts';
import { outcomes } from '../compose/outcome.ts';
import { measured, runTitle } from '../compose/runs.ts';
import { label } from '../document/names.ts';
import type { Badge } from '../document/tree.ts';
import {
  type Board,
  CONFIRMED,
  type Column,
  type Commit,
  GAIN,
  type Link,
  type NotebookIndex,
  type RunRow,
  type SprintRow,
} from './model.ts';

/** Metrics that a list shows, the confirmed one among them; a sprint's details have all. */
const MOST_METRICS = 5;
/** Letters of a sprint that a search looks through. */
const MOST_WORDS = 4000;

/** What lies beside a sprint's record. */
export interface Beside {
  commit: Commit | null;
  links: Link[];
}

/** The list of the page, from the records alone. */
export function indexOf(
  sprints: readonly Sprint[],
  task: Task,
  beside: (sprint: Sprint) => Beside,
): NotebookIndex {
  const ofBoards = boardsOf(sprints);
  const boards = ofBoards.map((board) => boardOf(board, task));
  const remarks = new Map(
    ofBoards.flatMap((board) => board.map((sprint) => [sprint, remarksOn(sprint, board)] as const)),
  );
  const bests = new Set(boards.map(({ best }) => best?.sprint));
  return {
    title: task.contract.title,
    boards,
    sprints: sprints.map((sprint) => ({
      ...sprintRow(sprint, bests.has(sprint.id), beside(sprint)),
      remarks: [
        ...(remarks.get(sprint) ?? []),
        ...(sprint.outcome === 'new-best' ? (sprint.verdict?.remarks ?? []) : []),
      ],
    })),
    runs: sprints.flatMap((sprint) =>
      sprint.runs.map((run) => runRow(sprint, run, bests.has(sprint.id) && run.id === sprint.candidate)),
    ),
    curves: task.contract.plots.curves,
  };
}

/** The sprints of each leaderboard by number; the leaderboard of the newest sprint comes first. */
export function boardsOf(sprints: readonly Sprint[]): Sprint[][] {
  const boards = new Map<string, Sprint[]>();
  for (const sprint of sprints.toSorted((a, b) => a.number - b.number))
    boards.set(sprint.leaderboard, [...(boards.get(sprint.leaderboard) ?? []), sprint]);
  return [...boards.values()].sort((a, b) => (b.at(-1)?.number ?? 0) - (a.at(-1)?.number ?? 0));
}

function boardOf(board: readonly Sprint[], task: Task): Board {
  const { leaderboard, profile, metric, goal } = board.at(-1) as Sprint;
  const best = board.findLast((sprint) => sprint.outcome === 'new-best');
  const has = (name: string) => board.some((sprint) => sprint.verdict?.metrics[name] !== undefined);
  const [first = metric, ...others] = [...new Set([metric, ...task.contract.also])].filter(
    (name) => name === metric || has(name),
  );
  const column = (name: string): Column => ({
    key: name,
    label: label(name),
    better: name === metric || task.contract.gains.includes(name) ? goal : null,
  });
  const confirmed = board.some((sprint) => sprint.confirmed && sprint.confirmed.candidate.n > 0);
  return {
    id: leaderboard,
    ...{ profile, metric, goal },
    columns: [
      column(first),
      { key: GAIN, label: 'Gain', better: goal },
      ...(confirmed ? [{ key: CONFIRMED, label: 'Confirmed', better: goal }] : []),
      ...others.slice(0, MOST_METRICS - (confirmed ? 2 : 1)).map(column),
    ],
    best: best?.candidate ? { sprint: best.id, run: best.candidate } : null,
  };
}

function sprintRow(sprint: Sprint, best: boolean, { commit, links }: Beside): Omit<SprintRow, 'remarks'> {
  const { id, number, title, outcome, verdict, cost, candidate, runs } = sprint;
  return {
    ...{ id, number, title, outcome, best, commit, links },
    badge: badgeOf(sprint),
    board: sprint.leaderboard,
    values: withConfirmed(sprint, withGain(sprint, verdict?.metrics ?? {})),
    usd: cost.usd,
    seconds: cost.trainSeconds,
    at: sprint.openedAt,
    words: [title, id, sprint.idea, sprint.reason, sprint.summary, sprint.next ?? '', ...runs.map(runTitle)]
      .join(' ')
      .toLowerCase()
      .slice(0, MOST_WORDS),
    runs: runs.length,
    // What a failed sprint can be compared by is its longest run.
    candidate: candidate ?? runs.toSorted((a, b) => b.samples - a.samples)[0]?.id ?? null,
  };
}

function runRow(sprint: Sprint, run: SprintRun, best: boolean): RunRow {
  const { metrics, from } = measured(run);
  const title = runTitle(run);
  // A snapshot, or a run of another role, does not compare with the best.
  const gains = run.verdict && run.role === undefined ? withGain(sprint, metrics) : metrics;
  return {
    id: run.id,
    sprint: sprint.id,
    board: sprint.leaderboard,
    number: sprint.number,
    title,
    outcome: sprint.outcome,
    badge: badgeOf(sprint),
    best,
    values: run.id === sprint.candidate ? withConfirmed(sprint, gains) : gains,
    usd: sprint.cost.usd,
    seconds: run.seconds,
    at: sprint.openedAt,
    words: [title, run.id, run.tree, sprint.title, run.status, run.reason ?? ''].join(' ').toLowerCase(),
    status: run.status,
    from,
    seed: run.seed,
    samples: run.samples,
  };
}

function withGain({ metric, bestBefore }: Sprint, metrics: Record<string, number>): Record<string, number> {
  const [value, before] = [metrics[metric], bestBefore?.metrics[metric]];
  return value === undefined || before === undefined ? metrics : { ...metrics, [GAIN]: value - before };
}

/** What the candidate gave on secret worlds, in the mean. */
function withConfirmed(
  { metric, confirmed }: Sprint,
  metrics: Record<string, number>,
): Record<string, number> {
  const mean = confirmed?.candidate.mean[metric];
  return mean === undefined ? metrics : { ...metrics, [CONFIRMED]: mean };
}

const badgeOf = ({ outcome }: Sprint): Badge => ({
  v: outcomes[outcome].words.replace(/:.*/, ''),
  tone: outcomes[outcome].tone,
});
