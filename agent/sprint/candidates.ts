import type { SprintRun } from '#contract/sprint';
import type { Config } from '../config/config.ts';
import type { Decision } from '../ledger/decide.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { sameWork } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { atTheEnd } from '../ledger/stages.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { endedWithLoop } from '../runs/interrupted.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  ledger: Ledger;
}

export const presentBest = ({ config: { leaderboard }, ledger }: LoopParts) =>
  bestOf(ledger.sprints, leaderboard);

/**
 * Finished full runs of a sprint that could be its candidate, the best last snapshot first. A run with the
 * recipe of the best is none.
 */
export function fullRuns({ loop, runs }: OpenSprint): SprintRun[] {
  const { metric, goal } = loop.config.task.contract;
  const worst = goal === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = (run: SprintRun) => atTheEnd(run)?.[metric] ?? worst;
  const better = (a: SprintRun, b: SprintRun) => (goal === 'max' ? value(a) > value(b) : value(a) < value(b));
  const best = presentBest(loop);
  const incumbent = best?.runs.find(({ id }) => id === best.candidate);
  return (runs?.started ?? [])
    .flatMap((id) => readSprintRun(loop.config.repo, id) ?? [])
    .filter((run) => !incumbent || !sameWork(run, incumbent))
    .filter(
      (run) =>
        run.status === 'finished' &&
        run.samples === loop.config.profile.budgets.full &&
        !run.role &&
        run.from === undefined,
    )
    .sort((a, b) => (better(a, b) ? -1 : Number(better(b, a))));
}

/**
 * The outcome without a candidate: `failed` for a sprint without a run, or with no run that finished;
 * otherwise `no-gain`.
 */
export function nothingPutForward({ loop, claimedRuns, finish }: OpenSprint): Decision {
  const runs = claimedRuns.started.flatMap((id) => readSprintRun(loop.config.repo, id) ?? []);
  if (runs.length === 0 && !finish?.infrastructure) {
    return { outcome: 'failed', reason: 'there was no candidate and no run' };
  }
  const bad = runs.findLast((run) => run.status !== 'finished');
  if (bad && runs.every((run) => run.status !== 'finished')) {
    // The idea was not tested.
    if (endedWithLoop(bad))
      return {
        outcome: 'interrupted',
        reason: 'its run ended with the loop and was not continued',
      };
    return {
      outcome: 'failed',
      reason: `every run failed; the last one ended as ${bad.status}: ${bad.reason ?? 'no reason given'}`,
    };
  }
  return { outcome: 'no-gain', reason: 'there was no candidate' };
}
