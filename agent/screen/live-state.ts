import type { TaskContract } from '#contract/task-contract';
import type { Journal } from '../journal/journal.ts';
import { openSprints } from '../journal/state.ts';
import type { LiveState } from '../report/index.ts';
import { type Confirming, judging } from './confirming.ts';

/** The parts of a loop's state that this file uses. */
type State = Pick<
  ReturnType<Journal['state']>,
  'sprints' | 'runs' | 'waiting' | 'paused' | 'usd' | 'started' | 'calls'
>;
type Open = ReturnType<typeof openSprints>[number];

/** The confirming under way, and what the task calls its worlds. */
interface Confirmed {
  confirming: Confirming | null;
  secret: TaskContract['secret'];
}

/** What the notebook shows of a loop that runs: the open sprint of each researcher, with its runs. */
export function liveState(
  state: State,
  of: Confirmed & { usdLimit: number | null; researcher: string },
): LiveState {
  const { runs, waiting, paused, usd, started } = state;
  const open = openSprints(state);
  const alone = open.length === 1;
  const go = Object.keys(runs).length;
  const continues =
    go === 0 ? '' : go === 1 ? '; the run under way continues' : '; the runs under way continue';
  return {
    sprints: open.map((sprint) => {
      // The loop's own runs, such as the probe of its speed, stand with the only sprint.
      const ids = Object.keys(runs).filter((id) => alone || sprint.runs.includes(id));
      const { number, claim, openedAt } = sprint;
      return {
        ...{ number, title: claim?.title ?? null, openedAt },
        doing: doing(state, sprint, ids, of),
        runs: ids.flatMap((id) => {
          const run = runs[id];
          return run ? [{ experiment: run.experiment, progress: run.progress, waits: run.waits }] : [];
        }),
      };
    }),
    held: paused
      ? `paused since ${paused.slice(11, 16)} UTC ("npm run resume")${continues}`
      : waiting
        ? `waiting: ${waiting.reason}`
        : null,
    paused: paused !== null,
    researcher: of.researcher,
    usdSpent: usd,
    usdLimit: of.usdLimit,
    startedAt: started?.at ?? new Date().toISOString(),
  };
}

function doing(
  { calls }: State,
  sprint: Open,
  runs: readonly string[],
  { confirming, secret }: Confirmed,
): string {
  if (sprint.closed) return 'being reported';
  if (sprint.finished) return judging(confirming, sprint, { secret });
  const acts = sprint.researcherId in calls ? 'thinking' : 'working';
  return runs.length === 0 ? acts : 'training';
}
