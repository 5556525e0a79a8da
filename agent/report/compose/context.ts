import type { PlainProfile } from '#contract/noise';
import type { Sprint, SprintRun } from '#contract/sprint';
import { guardsOf, type Task } from '#contract/task';
import type { Caption, Inline } from '../document/tree.ts';
import { text } from '../document/tree.ts';

/** The inputs of the report of one sprint. */
export interface Context {
  sprint: Sprint;
  /** The closed sprints of the same leaderboard up to this one, by number. */
  history: Sprint[];
  task: Task;
  /** Null when TASK.md no longer has the sprint's profile: then there are no baselines to draw. */
  profile: PlainProfile | null;
  /** The branch that the sprint is committed on; null where that is not known. */
  branch: string | null;
  number: Numbering;
}

/** Numbers tables and figures separately, in the order of the page. */
export class Numbering {
  private tables = 0;
  private figures = 0;

  table(...c: Inline[]): Caption {
    return { label: `Table ${++this.tables}.`, c: [text(' '), ...c] };
  }

  figure(...c: Inline[]): Caption {
    return { label: `Figure ${++this.figures}.`, c: [text(' '), ...c] };
  }
}

/** The deciding metric and the metrics shown beside it, in the task's order. */
export function columnsOf({ sprint, task }: Context): string[] {
  return [...new Set([sprint.metric, ...task.contract.also])];
}

export function guardsIn({ task, profile }: Context) {
  return profile ? guardsOf(task, profile) : task.contract.guards;
}

/**
 * Which direction is better: for the metric, and the numbers in which it has to gain, by its goal; for a
 * guarded metric by its guard; else unknown.
 */
export function direction(context: Context, name: string): 1 | -1 | null {
  if (name === context.sprint.metric || context.task.contract.gains.includes(name))
    return context.sprint.goal === 'max' ? 1 : -1;
  const guard = guardsIn(context)[name];
  if (guard === undefined) return null;
  return guard.trim().startsWith('>') ? 1 : guard.trim().startsWith('<') ? -1 : null;
}

/** The run that was put forward; undefined where none was. */
export const candidateOf = ({ sprint }: Context): SprintRun | undefined =>
  sprint.runs.find((run) => run.id === sprint.candidate);

/** The sprint and the run of the best before, as its record has them; null where the record is not there. */
export function bestRunBefore({ sprint, history }: Context): { sprint: Sprint; run: SprintRun } | null {
  const before = history.find(({ id }) => id === sprint.bestBefore?.sprint);
  const run = before?.runs.find(({ id }) => id === sprint.bestBefore?.run);
  return before && run ? { sprint: before, run } : null;
}
