import { specOf } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';

/** What several verdicts of one recipe say: how many seeds, their mean and their spread. */
export interface Seeds {
  n: number;
  mean: number;
  /** Standard deviation over the seeds. */
  spread: number;
}

/** The gains of a leaderboard, the first verdict among them, in the order in which they came. */
export interface Step {
  sprint: Sprint;
  value: number;
  /** Null for the first of the leaderboard. */
  gain: number | null;
}

export function stepsOf(board: readonly Sprint[]): Step[] {
  return board.flatMap((sprint): Step[] => {
    const value = sprint.verdict?.metrics[sprint.metric];
    if (sprint.outcome !== 'new-best' || value === undefined) return [];
    const before = sprint.bestBefore?.metrics[sprint.metric];
    return [{ sprint, value, gain: before === undefined ? null : value - before }];
  });
}

/** The verdicts on the run of a best on other seeds, itself among them; null where there is one seed only. */
export function seedsOf(best: Sprint, board: readonly Sprint[]): Seeds | null {
  const run = best.runs.find(({ id }) => id === best.candidate);
  if (!run) return null;
  const recipe = recipeOf(run);
  const values = new Map<number, number>();
  const add = (seed: number, value: number | undefined) => {
    if (value !== undefined && !values.has(seed)) values.set(seed, value);
  };
  add(run.seed, best.verdict?.metrics[best.metric]);
  if (best.repeat) add(best.repeat.seed, best.repeat.verdict.metrics[best.metric]);
  for (const { runs, metric } of board)
    for (const other of runs) if (recipeOf(other) === recipe) add(other.seed, other.verdict?.metrics[metric]);
  if (values.size < 2) return null;
  const all = [...values.values()];
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n: all.length, mean, spread: Math.sqrt(squares / (all.length - 1)) };
}

const recipeOf = (run: SprintRun): string => {
  const { seed: _, settings, ...spec } = specOf(run);
  return JSON.stringify([Object.entries(spec), Object.entries(settings).sort(), run.profileSettings ?? null]);
};
