import type { Sprint, SprintRun } from '#contract/sprint';
import type { Refusal } from '../common/refusal.ts';
import { count, duration, many, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { claimsOfOthers } from '../journal/state.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { bestCandidate, type Stages } from '../ledger/stages.ts';
import type { Connection } from '../researcher/connection.ts';
import { checkWords, keptForCheck } from './check-time.ts';
import { fits, type Pace, paceOf, secondsFor } from './pace.ts';
import { loopSecondsLeft, nightSecondsLeft, sprintSecondsLeft } from './time-left.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
  /** The key that gains are confirmed by; null or unset where they are not. */
  secrets?: { readonly of: { readonly hash: string } } | null;
}

/**
 * The runs that a decision about a new run considers: the leaderboard's closed sprints, and the runs of the
 * open one.
 */
export interface RunsSoFar {
  sprints: readonly Sprint[];
  /** The runs of the open sprint, in any state. */
  mine: readonly SprintRun[];
  /** The runs that the open sprints of other researchers have started; unset: there are none. */
  others?: readonly SprintRun[];
}

export function runsSoFar(
  { config: { repo, leaderboard }, ledger, journal }: LoopParts,
  started: readonly string[],
): RunsSoFar {
  const read = (ids: readonly string[]) => ids.flatMap((id) => readSprintRun(repo, id) ?? []);
  const others = claimsOfOthers(journal.state(), journal.researcherId);
  return {
    sprints: ledger.of(leaderboard),
    mine: read(started),
    ...(others.length > 0 && { others: read(others.flatMap(({ runs }) => runs)) }),
  };
}

/**
 * The input for decisions by stages, where the profile's budgets are stages. Null for other profiles, and
 * for the replay, whose path is fixed.
 */
export function stagesOf(
  { config: { profile, task, leaderboard }, connection }: LoopParts,
  soFar: RunsSoFar,
): Stages | null {
  if (!profile.staged || connection.kind === 'offline') return null;
  const best = bestOf(soFar.sprints, leaderboard);
  return {
    contract: task.contract,
    profile,
    incumbent: best?.runs.find((run) => run.id === best.candidate) ?? null,
    runs: [...soFar.sprints.flatMap((s) => s.runs), ...(soFar.others ?? []), ...soFar.mine],
  };
}

/** The pace, and the time left for runs: what is kept for measuring the best again is no part of it. */
export function paceNow(
  loop: LoopParts,
  { sprints, mine, others = [] }: RunsSoFar,
  experiment?: string,
): Pace | null {
  const { committed, probedSpeed } = loop.journal.state();
  const ofThisLoop = sprints.filter((s) => committed.some((c) => c.sprint === s.id));
  return paceOf({
    mine: [...ofThisLoop.flatMap((s) => s.runs), ...others, ...mine],
    probed: probedSpeed,
    earlier: sprints,
    experiment,
    secondsLeft: nightSecondsLeft(loop) - (keptForCheck(loop)?.seconds ?? 0),
  });
}

/** Seconds left for training: until the night or the sprint ends, whichever is first. */
export const secondsLeft = (loop: LoopParts): number =>
  Math.min(nightSecondsLeft(loop) - (keptForCheck(loop)?.seconds ?? 0), sprintSecondsLeft(loop));

/** Why the researchers' time is over, where what is left of the night is kept for the best; null before. */
export function checkIsDue(loop: LoopParts): Refusal<'time'> | null {
  const kept = keptForCheck(loop);
  if (!kept || loopSecondsLeft(loop) > kept.seconds) return null;
  return {
    code: 'time',
    reason: `the time is up but for ${checkWords(kept, kept.seconds)}, which are kept for measuring the best again`,
  };
}

/**
 * The lines of a prompt for planning the night: speed, time, what still fits, and the candidate that the
 * last full run is kept for.
 */
export function planLines(loop: LoopParts, soFar: RunsSoFar): string[] {
  const pace = paceNow(loop, soFar);
  if (!pace) return ['- speed: not measured yet on this leaderboard'];
  const { budgets } = loop.config.profile;
  const source = {
    measured: 'measured by the last run',
    probed: 'by the speed probe, before any run',
    earlier: 'measured by earlier loops',
  }[pace.from];
  const room = Object.entries(budgets).map(
    ([name, samples]) =>
      `${count(fits(samples, pace), `${name} run`)} of ${many(samples)} samples (${duration(secondsFor(samples, pace))} each, judged)`,
  );
  const lines = [
    `- speed: ${show(pace.samplesPerSecond)} samples/s, ${source}`,
    `- time left: ${duration(Math.max(0, pace.secondsLeft))}; it allows ${room.join(', or ')}`,
  ];
  const kept = keptForCheck(loop);
  if (kept)
    lines.push(
      `- kept at the end, beside that: ${checkWords(kept, kept.seconds)}, in which the loop measures the best again on ${loop.config.task.contract.secret.many}`,
    );
  const stages = stagesOf(loop, soFar);
  if (!stages) return lines;
  return [...lines, ...stageLines(stages, pace)];
}

function stageLines(stages: Stages, pace: Pace): string[] {
  const { budgets, noise } = stages.profile;
  const lines = [
    `- stages: a screen is compared with the best's screen at the same budget and seed (the loop trains that once, where it is missing); a gain beyond ${noise.screen}, in the mean over the seeds tried, earns a rank run of the same code and settings, compared in the same way (beyond ${noise.rank}); that earns the full run. With n seeds the noise of their mean is smaller by √n`,
  ];
  if (!stages.incumbent)
    lines.push('- there is no best yet to compare with: a screen is enough to earn the first full run');
  const candidate = bestCandidate(stages);
  const full = fits(budgets.full, pace);
  if (!candidate) return lines;
  if (full > 1) return [...lines, `- best candidate without a full run: ${candidate.id}`];
  if (full < 1) return lines;
  return [
    ...lines,
    `- only ONE full run still fits. It is kept for the best candidate so far, ${candidate.id}. Start a sprint for it and start that run at once (run_experiment with of: "${candidate.id}", budget: "full"), unless a short run beats it first. If it is not started by the time that no other run fits, the loop starts it`,
  ];
}
