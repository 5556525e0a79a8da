import { existsSync } from 'node:fs';
import type { HowFar, Run } from '#contract/run';
import type { Sprint } from '#contract/sprint';
import { readTask } from '#contract/task';
import { pausedSince } from '../budget/pause.ts';
import { eventsPath, sprintsDir, stateDir, taskPath } from '../common/paths.ts';
import { readEvents } from '../journal/events.ts';
import { fold } from '../journal/fold.ts';
import { lockHolder } from '../journal/lock.ts';
import { claimedIds, type LoopState, nothingYet, openSprints, workedSeconds } from '../journal/state.ts';
import type { HintFate } from '../ledger/hint-fates.ts';
import { bestOf, readSprints } from '../ledger/ledger.ts';
import { hintsNow } from './hints.ts';

type LoopLimits = NonNullable<NonNullable<LoopState['started']>['limits']>;

interface OpenStatus {
  number: number;
  researcher: string;
  id: string | null;
  title: string | null;
  openedAt: string;
  turns: number;
  usd: number;
  /** Which of its own limits the sprint has reached; null while none. */
  capped: string | null;
  /** `judging`: the researcher has finished. `closing`: report and commit. */
  phase: 'researching' | 'judging' | 'closing';
}

/** What `npm run status` reports, as `--json` prints it. */
export interface Status {
  /** `cut off`: the process is gone and left work to recover. */
  loop: 'never started' | 'running' | 'stopped' | 'cut off';
  pid: number | null;
  branch: string | null;
  profile: string | null;
  researcher: string | null;
  sandbox: string | null;
  startedAt: string | null;
  stopped: LoopState['stopped'];
  waiting: { reason: string; until: string } | null;
  /** The time since which `npm run pause` holds the loop, UTC; null where it is not paused. */
  paused: string | null;
  lastEventAt: string | null;
  lastAction: string | null;
  /** Spent by this loop so far, in USD. */
  usd: number;
  /** What cut calls may have cost beyond that; it counts against the limit until the loop ends. */
  heldUsd: number;
  tokens: number;
  trainSeconds: number;
  /** Seconds that the loop worked, over all restarts after a crash. */
  workedSeconds: number;
  /** The limits of the loop; null where the log does not have them. */
  limits: LoopLimits | null;
  /** The open sprint; of several, the one with the lowest number. */
  sprint: OpenStatus | null;
  /** All open sprints: one for each researcher at work. */
  sprints: OpenStatus[];
  /** `waits`: why a run waits in the queue of a cluster; absent while it trains. */
  runs: (Pick<Run, 'id' | 'experiment'> & { progress: HowFar | null; waits?: string })[];
  committed: LoopState['committed'];
  /** What became of each hint of the people whom the researcher works for. */
  hints: HintFate[];
  /** The sprints that are closed, of any loop of this branch; null while there is none. */
  closed: { sprints: number; last: Pick<Sprint, 'id' | 'outcome' | 'profile'> } | null;
  /** The best of the leaderboard of the loop; where none was started here, of that of the last sprint. */
  best: { sprint: string; run: string | null; metrics: Record<string, number> } | null;
}

/**
 * Reads the status of the loop in a checkout, from its files alone: it works while the loop runs and after.
 */
export function readStatus(repo: string): Status {
  const state = readEvents(eventsPath(repo)).reduce(fold, nothingYet);
  const holder = lockHolder(stateDir(repo));
  const { started, stopped, leaderboard } = state;
  const open = openSprints(state).map(statusOf);
  const alive = holder?.alive === true;
  const sprints = readSprints(sprintsDir(repo), claimedIds(state));
  const last = sprints.at(-1);
  const best = bestOf(sprints, leaderboard ?? last?.leaderboard ?? '');
  return {
    loop: alive ? 'running' : !started ? 'never started' : stopped ? 'stopped' : 'cut off',
    pid: alive ? (holder?.pid ?? null) : null,
    branch: started?.branch ?? null,
    profile: started?.profile ?? null,
    researcher: started?.researcher ?? null,
    sandbox: started?.sandbox ?? null,
    startedAt: started?.at ?? null,
    stopped,
    waiting: alive ? state.waiting : null,
    paused: pausedSince(repo),
    lastEventAt: state.lastEventAt,
    lastAction: state.lastAction,
    usd: state.usd,
    heldUsd: state.held.usd,
    tokens: state.tokens,
    trainSeconds: state.trainSeconds,
    workedSeconds: workedSeconds(
      alive && started ? { ...state, lastEventAt: new Date().toISOString() } : state,
    ),
    limits: started?.limits ?? null,
    sprint: open[0] ?? null,
    sprints: open,
    runs: Object.entries(state.runs).map(([id, { experiment, progress, waits }]) => ({
      ...{ id, experiment, progress },
      ...(waits !== undefined && { waits }),
    })),
    committed: state.committed,
    hints: hintsNow(repo, sprints, state),
    closed: last
      ? {
          sprints: sprints.length,
          last: { id: last.id, outcome: last.outcome, profile: last.profile },
        }
      : null,
    best: best?.verdict ? { sprint: best.id, run: best.candidate, metrics: best.verdict.metrics } : null,
  };
}

const statusOf = (sprint: ReturnType<typeof openSprints>[number]): OpenStatus => ({
  number: sprint.number,
  researcher: sprint.researcherId,
  id: sprint.claim?.id ?? null,
  title: sprint.claim?.title ?? null,
  openedAt: sprint.openedAt,
  turns: sprint.cost.turns,
  usd: sprint.cost.usd,
  capped: sprint.capped?.reason ?? null,
  phase: sprint.closed ? 'closing' : sprint.finished ? 'judging' : 'researching',
});

/** The fields that the task shows beside its metric; everything where there is no readable task. */
export function shownFields(repo: string): string[] | null {
  const path = taskPath(repo);
  if (!existsSync(path)) return null;
  try {
    const { metric, also } = readTask(path).contract;
    return [metric, ...also];
  } catch {
    return null;
  }
}
