import type { Confirmed } from '#contract/confirmed';
import type { Repeat, Sprint, SprintRun } from '#contract/sprint';
import type { Outcome, Verdict } from '#contract/verdict';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import { JudgeError } from '../executor/judging.ts';
import type { Journal } from '../journal/journal.ts';
import { type Decision, decide, isNear } from '../ledger/decide.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { tidySprintFolder } from '../open-sprint/own-folder.ts';
import type { FinishSprintInput } from '../requests/schemas.ts';
import type { Ending } from '../researcher/conversation.ts';
import { rulesNow } from '../runs/verdicts.ts';
import { fullRuns, nothingPutForward, presentBest } from './candidates.ts';
import { type Back, confirmedGain } from './confirmed-gain.ts';
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
  confirmed?: Confirmed;
  back?: Back;
  /** Why the loop could not put two gains together, where a researcher is asked to. */
  notMerged?: string;
  /** The loop is asked to stop while the candidate is being confirmed: the sprint stays open. */
  parked?: boolean;
  infrastructure: boolean;
  /** Seconds of judging, without what a second seed or confirming took. */
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
 * Judges a sprint that has ended. A candidate counts when its tree passes the task's check and its verdict
 * is better than the best beyond the noise, within constraints and guards. Where the task has secret worlds,
 * any gain is confirmed there instead; else a verdict near the noise is repeated on a second seed. A change
 * marked as infrastructure is kept when a paired screen agrees. If the researcher did not reach
 * finish_sprint, the loop puts the best full run forward.
 */
async function judgeSprint(sprint: OpenSprint, ending: Ending, treeNow: string): Promise<Judged> {
  const started = performance.now();
  const { finish } = sprint;
  if (sprint.claim) tellTidied(sprint.loop, tidySprintFolder(sprint.claim.dir));
  const before = sprint.loop.timer.seconds.confirming;
  const { repeatSeconds = 0, ...decided } = finish
    ? await decision(sprint, finish, treeNow)
    : await withoutFinish(sprint, ending);
  return {
    ...decided,
    infrastructure: finish?.infrastructure ?? false,
    seconds:
      (performance.now() - started) / 1000 - repeatSeconds - (sprint.loop.timer.seconds.confirming - before),
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
  confirmed?: Confirmed;
  back?: Back;
  notMerged?: string;
  parked?: boolean;
};
const NOTHING = { keep: null, verdict: null } as const;

type Decided = Kept & { candidate: string | null };

async function decision(sprint: OpenSprint, finish: FinishSprintInput, treeNow: string): Promise<Decided> {
  const best = presentBest(sprint.loop);
  const candidate = finish.candidate && sprint.claimedRuns.resolve(finish.candidate);
  const decided = candidate
    ? await judgeCandidate(sprint, candidate, best)
    : { ...withoutCandidate(sprint), ...NOTHING };
  if (decided.keep !== null || decided.parked || !finish.infrastructure) return { ...decided, candidate };
  const screen = await pairedScreen(sprint, best, treeNow);
  const reason = `${decided.reason}; infrastructure ${screen.kept ? 'kept' : 'not kept'}: ${screen.reason}`;
  return { ...decided, reason, keep: screen.kept ? treeNow : null, candidate };
}

function withoutCandidate(sprint: OpenSprint): Decision & { notMerged?: string } {
  const { notCombined } = sprint;
  if (!notCombined) return nothingPutForward(sprint);
  const { why, ask } = notCombined;
  return ask
    ? { outcome: 'no-gain', reason: `not combined: ${why}; a researcher is asked to`, notMerged: why }
    : { outcome: 'no-gain', reason: `the two together got no full run: ${why}` };
}

/**
 * For a sprint that a limit, a stop or a failure ended before finish_sprint. A finished full run has been
 * paid for and may not be affordable again, so the loop puts forward the one with the best last snapshot. The
 * next one is judged only if that one breaks a constraint, so that no run is picked by its verdict. One is
 * confirmed at most: the bound counts confirmings by the sprints.
 */
async function withoutFinish(sprint: OpenSprint, ending: Ending): Promise<Decided> {
  const ended = unfinished(ending);
  let decided: Decided = { ...ended, ...NOTHING, candidate: null };
  for (const { id } of fullRuns(sprint)) {
    const judged = await judgeCandidate(sprint, id, presentBest(sprint.loop));
    const reason = `${judged.reason}; the loop chose the candidate, not the researcher: ${ended.reason}`;
    decided = { ...judged, reason, candidate: id };
    if (judged.outcome !== 'invalid' || judged.confirmed) break;
  }
  return decided;
}

async function judgeCandidate(sprint: OpenSprint, id: string, best: Sprint | undefined): Promise<Kept> {
  const { loop, claim } = sprint;
  const {
    config: { repo, profile },
    journal,
  } = loop;
  const secrets = profile.confirm === false ? null : loop.secrets;
  const run = readSprintRun(repo, id) as SprintRun;
  // In parallel: each keeps one core busy for some seconds.
  const [failed, judged] = await Promise.all([
    sprint.claimedRuns.checks.of(run.tree),
    sprint.claimedRuns.verdicts.of(run).catch((e: unknown) => asError(e)),
  ]);
  if (failed) return { outcome: 'failed', reason: `check failed: ${failed}`, ...NOTHING };
  if (judged instanceof Error) {
    // Exit code 2: the judge says that the run cannot be measured. Any other code is a fault of the judge.
    const outcome = judged instanceof JudgeError && judged.exitCode === 2 ? 'invalid' : 'failed';
    return { outcome, reason: `could not be judged: ${judged.message}`, ...NOTHING };
  }
  const rules = rulesNow(loop, judged);
  const weigh = (verdict: Verdict): Kept => {
    journal.emit({ type: 'verdict.given', run: id, sprint: claim?.id ?? null, verdict });
    const decided = decide(verdict, rules);
    return { ...decided, verdict, keep: decided.outcome === 'new-best' ? run.tree : null };
  };
  const first = weigh(judged);
  if (run.from !== undefined) return standingApart(first, run.from);
  const gained = first.outcome === 'new-best' || first.outcome === 'held';
  if (secrets) {
    if (!gained) return first;
    const kept = await confirmedGain(sprint, secrets, { run, first, best, rules });
    return tellHeld({ ...first, ...kept, keep: KEPT.includes(kept.outcome) ? run.tree : null }, loop, id);
  }
  if (best && isNear(judged, rules)) {
    const second = await calledOnTwoSeeds(sprint, { run, first, verdict: judged, best, rules });
    const kept = { ...first, ...second, keep: second.outcome === 'new-best' ? run.tree : null };
    return tellHeld(kept, loop, id);
  }
  return tellHeld(first, loop, id);
}

/** The outcomes whose tree the workspace goes on from. */
const KEPT: readonly Outcome[] = ['new-best', 'stacked'];

function tellHeld(kept: Kept, { journal }: LoopParts, candidate: string): Kept {
  if (kept.outcome === 'held') journal.notice(`candidate ${candidate}: ${kept.reason}`, 'warn');
  return kept;
}

/** A run that started with the weights of another had more samples than its own: it stands apart. */
function standingApart(judged: Kept, from: string): Kept {
  const outcome = judged.outcome === 'new-best' ? 'no-gain' : judged.outcome;
  const reason = `it started with the weights of ${from}, so it stands apart and cannot become the best; ${judged.reason}`;
  return { ...judged, outcome, reason, keep: null };
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));
