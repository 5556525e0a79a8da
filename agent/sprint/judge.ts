import type { Repeat, Sprint, SprintRun } from '#contract/sprint';
import type { Outcome, Verdict } from '#contract/verdict';
import { runDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import { JudgeError, judgeRun } from '../executor/judging.ts';
import type { Journal } from '../journal/journal.ts';
import { type Decision, decide, isNear, rulesOf } from '../ledger/decide.ts';
import { bestOf, bestVerdicts, type Ledger } from '../ledger/ledger.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { atTheEnd } from '../ledger/stages.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { tidySprintFolder } from '../open-sprint/own-folder.ts';
import type { FinishSprintInput } from '../requests/schemas.ts';
import type { Ending } from '../researcher/conversation.ts';
import { endedWithLoop } from '../runs/interrupted.ts';
import { checkTree } from './check.ts';
import { pairedScreen } from './infrastructure.ts';
import { calledOnTwoSeeds } from './second-seed.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  journal: Journal;
  ledger: Ledger;
}

/** The result of a sprint, and the tree that the workspace continues from. */
export interface Judged {
  outcome: Outcome;
  reason: string;
  candidate: string | null;
  verdict: Verdict | null;
  /** Null: the tree that the sprint began with. */
  keep: string | null;
  /** What a second seed gave, where the verdict was near the noise. */
  repeat?: Repeat;
  infrastructure: boolean;
  /** Seconds of judging, without what a second seed took. */
  seconds: number;
}

/** For a sprint that was not judged. */
export const NOT_JUDGED = {
  candidate: null,
  verdict: null,
  keep: null,
  infrastructure: false,
  seconds: 0,
} as const;

/**
 * Judges a sprint that has ended. A candidate counts when its tree passes the task's check and its verdict is
 * better than the best beyond the noise, within constraints and guards. A verdict near the noise is repeated
 * on a second seed. A change marked as infrastructure is kept when a paired screen agrees. If the researcher
 * did not reach finish_sprint, the loop puts the best full run forward.
 */
async function judgeSprint(sprint: OpenSprint, ending: Ending, treeNow: string): Promise<Judged> {
  const started = performance.now();
  const { finish } = sprint;
  if (sprint.claim) tellTidied(sprint.loop, tidySprintFolder(sprint.claim.dir));
  const { repeatSeconds = 0, ...decided } = finish
    ? await decision(sprint, finish, treeNow)
    : await withoutFinish(sprint, ending);
  return {
    ...decided,
    infrastructure: finish?.infrastructure ?? false,
    seconds: (performance.now() - started) / 1000 - repeatSeconds,
  };
}

/** Like `judgeSprint`, but an error in judging makes the sprint `failed` and the loop goes on. */
export async function judgeOrFail(sprint: OpenSprint, ending: Ending, treeNow: string): Promise<Judged> {
  try {
    return await judgeSprint(sprint, ending, treeNow);
  } catch (error) {
    const reason = `could not be judged: ${messageOf(error).split('\n')[0]}`;
    return { ...NOT_JUDGED, outcome: 'failed', reason };
  }
}

export function tellTidied({ journal }: LoopParts, removed: readonly string[]): void {
  if (removed.length === 0) return;
  const names =
    removed.slice(0, 5).join(', ') + (removed.length > 5 ? ` and ${removed.length - 5} more` : '');
  journal.notice(`removed from the sprint's folder: ${names}`, 'warn');
}

function unfinished(ending: Ending): Decision {
  switch (ending.kind) {
    case 'stopped':
    case 'limit':
    case 'fatal':
      return { outcome: 'interrupted', reason: ending.reason };
    case 'failed':
      return { outcome: 'failed', reason: ending.reason };
    case 'silent':
    case 'finished':
      return { outcome: 'failed', reason: 'the researcher ended without finish_sprint' };
  }
}

/** `keep`: the tree that the workspace continues from; null: the tree that the sprint began with. */
type Kept = Decision & {
  keep: string | null;
  verdict: Verdict | null;
  repeat?: Repeat;
  repeatSeconds?: number;
};
const NOTHING = { keep: null, verdict: null } as const;

type Decided = Kept & { candidate: string | null };

async function decision(sprint: OpenSprint, finish: FinishSprintInput, treeNow: string): Promise<Decided> {
  const best = presentBest(sprint.loop);
  const candidate = finish.candidate && sprint.claimedRuns.resolve(finish.candidate);
  const decided = candidate ? await judgeCandidate(sprint, candidate, best) : nothingPutForward(sprint);
  if (decided.keep !== null || !finish.infrastructure) return { ...decided, candidate };
  const screen = await pairedScreen(sprint, best, treeNow);
  const reason = `${decided.reason}; infrastructure ${screen.kept ? 'kept' : 'not kept'}: ${screen.reason}`;
  return { ...decided, reason, keep: screen.kept ? treeNow : null, candidate };
}

/**
 * For a sprint that a limit, a stop or a failure ended before finish_sprint. A finished full run has been
 * paid for and may not be affordable again, so the loop puts forward the one with the best last snapshot. The
 * next one is judged only if that one breaks a constraint, so that no run is picked by its verdict.
 */
async function withoutFinish(sprint: OpenSprint, ending: Ending): Promise<Decided> {
  const ended = unfinished(ending);
  let decided: Decided = { ...ended, ...NOTHING, candidate: null };
  for (const { id } of fullRuns(sprint)) {
    const judged = await judgeCandidate(sprint, id, presentBest(sprint.loop));
    const reason = `${judged.reason}; the loop chose the candidate, not the researcher: ${ended.reason}`;
    decided = { ...judged, reason, candidate: id };
    if (judged.outcome !== 'invalid') break;
  }
  return decided;
}

/** Finished full runs of a sprint, the best last snapshot first. */
function fullRuns({ loop, runs }: OpenSprint): SprintRun[] {
  const { metric, goal } = loop.config.task.contract;
  const worst = goal === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = (run: SprintRun) => atTheEnd(run)?.[metric] ?? worst;
  const better = (a: SprintRun, b: SprintRun) => (goal === 'max' ? value(a) > value(b) : value(a) < value(b));
  return (runs?.started ?? [])
    .flatMap((id) => readSprintRun(loop.config.repo, id) ?? [])
    .filter(
      (run) =>
        run.status === 'finished' &&
        run.samples === loop.config.profile.budgets.full &&
        !run.role &&
        run.from === undefined,
    )
    .sort((a, b) => (better(a, b) ? -1 : Number(better(b, a))));
}

const presentBest = ({ config: { leaderboard }, ledger }: LoopParts) => bestOf(ledger.sprints, leaderboard);

async function judgeCandidate(sprint: OpenSprint, id: string, best: Sprint | undefined): Promise<Kept> {
  const { loop, claim } = sprint;
  const {
    config: { repo, task, profile },
    sandbox,
    journal,
    stopper,
    confirm,
  } = loop;
  const run = readSprintRun(repo, id) as SprintRun;
  // In parallel: each keeps one core busy for some seconds.
  const [failed, judged] = await Promise.all([
    checkTree(loop, run.tree),
    judgeRun({ task, repo, runDir: runDir(repo, id), sandbox, signal: stopper.hard }).catch((e: unknown) =>
      asError(e),
    ),
  ]);
  if (failed) return { outcome: 'failed', reason: `check failed: ${failed}`, ...NOTHING };
  if (judged instanceof Error) {
    // Exit code 2: the judge says that the run cannot be measured. Any other code is a fault of the judge.
    const outcome = judged instanceof JudgeError && judged.exitCode === 2 ? 'invalid' : 'failed';
    return { outcome, reason: `could not be judged: ${judged.message}`, ...NOTHING };
  }
  const rules = rulesOf(task, profile, bestVerdicts(loop.ledger.sprints, loop.config.leaderboard));
  const weigh = (verdict: Verdict): Kept => {
    journal.emit({ type: 'verdict.given', run: id, sprint: claim?.id ?? null, verdict });
    const decided = decide(verdict, rules);
    return { ...decided, verdict, keep: decided.outcome === 'new-best' ? run.tree : null };
  };
  const first = weigh(judged);
  if (run.from !== undefined) return standingApart(first, run.from);
  let verified = first;
  if (best && isNear(judged, rules)) {
    const second = await calledOnTwoSeeds(sprint, { run, first, verdict: judged, best, rules });
    verified = { ...first, ...second, keep: second.outcome === 'new-best' ? run.tree : null };
  }
  // Where `confirm` is given, a verified gain has to be confirmed before it becomes the best. Without it,
  // one that is too good to be true stays held.
  const gained = verified.outcome === 'new-best' || verified.outcome === 'held';
  if (gained && confirm) return weigh(await confirm(run));
  if (verified.outcome === 'held') journal.notice(`candidate ${id}: ${verified.reason}`, 'warn');
  return verified;
}

/** A run that started with the weights of another had more samples than its own: it stands apart. */
function standingApart(judged: Kept, from: string): Kept {
  const outcome = judged.outcome === 'new-best' ? 'no-gain' : judged.outcome;
  const reason = `it started with the weights of ${from}, so it stands apart and cannot become the best; ${judged.reason}`;
  return { ...judged, outcome, reason, keep: null };
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

/**
 * The outcome without a candidate: `failed` for a sprint without a run, or with no run that finished;
 * otherwise `no-gain`.
 */
function nothingPutForward({ loop, claimedRuns, finish }: OpenSprint): Kept {
  const runs = claimedRuns.started.flatMap((id) => readSprintRun(loop.config.repo, id) ?? []);
  if (runs.length === 0 && !finish?.infrastructure) {
    return { outcome: 'failed', reason: 'there was no candidate and no run', ...NOTHING };
  }
  const bad = runs.findLast((run) => run.status !== 'finished');
  if (bad && runs.every((run) => run.status !== 'finished')) {
    // The idea was not tested.
    if (endedWithLoop(bad))
      return {
        outcome: 'interrupted',
        reason: 'its run ended with the loop and was not continued',
        ...NOTHING,
      };
    return {
      outcome: 'failed',
      reason: `every run failed; the last one ended as ${bad.status}: ${bad.reason ?? 'no reason given'}`,
      ...NOTHING,
    };
  }
  return { outcome: 'no-gain', reason: 'there was no candidate', ...NOTHING };
}
