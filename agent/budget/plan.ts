import type { RunSpec } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';
import { sprintsDir } from '../common/paths.ts';
import { count, duration, many, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { bestOf, readSprints } from '../ledger/ledger.ts';
import { sameRecipe } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { bestCandidate, type Stages, stageOf, unearned } from '../ledger/stages.ts';
import type { Connection } from '../researcher/connection.ts';
import { sprintSecondsLeft } from './caps.ts';
import { fits, fullRunSeconds, type Pace, paceOf, secondsFor } from './pace.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
}

/** What a decision about a run looks at: the leaderboard's closed sprints, and the runs of the open one. */
export interface RunsSoFar {
  sprints: readonly Sprint[];
  /** Of the open sprint, in whatever state. */
  mine: readonly SprintRun[];
}

export function runsSoFar(
  { config: { repo, leaderboard } }: LoopParts,
  started: readonly string[],
): RunsSoFar {
  return {
    sprints: readSprints(sprintsDir(repo)).filter((s) => s.leaderboard === leaderboard),
    mine: started.flatMap((id) => readSprintRun(repo, id) ?? []),
  };
}

/** What the stages of a profile are decided by, where its budgets are stages; null for others, and for the replay, which walks a known path. */
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
    runs: [...soFar.sprints.flatMap((s) => s.runs), ...soFar.mine],
  };
}

/** Until the end of the loop, or of the hours that training may take. */
export function nightSecondsLeft({ config: { limits }, journal }: LoopParts): number {
  const time = (limits.until.getTime() - Date.now()) / 1000;
  if (limits.trainHours === null) return time;
  return Math.min(time, limits.trainHours * 3600 - journal.state().trainSeconds);
}

/** The same, and until the end of the open sprint's own hours. */
export const secondsLeft = (loop: LoopParts): number =>
  Math.min(nightSecondsLeft(loop), sprintSecondsLeft(loop));

export function paceNow(loop: LoopParts, { sprints, mine }: RunsSoFar, experiment?: string): Pace | null {
  const { committed, probedSpeed } = loop.journal.state();
  const ofThisLoop = sprints.filter((s) => committed.some((c) => c.sprint === s.id));
  return paceOf({
    mine: [...ofThisLoop.flatMap((s) => s.runs), ...mine],
    probed: probedSpeed,
    earlier: sprints,
    experiment,
    secondsLeft: nightSecondsLeft(loop),
  });
}

/** A run that is asked for, with what stands before it. */
export interface Asked {
  spec: RunSpec;
  /** The incumbent's run that goes with it, where that is not there yet. */
  reference: RunSpec | null;
  /** Runs that hold the device or wait for it. */
  open: readonly RunSpec[];
  openSeconds: number;
}

/** Why a run is not accepted, and what to do instead; null where it is. */
export function refusal(loop: LoopParts, asked: Asked, soFar: RunsSoFar): string | null {
  const { spec, reference, openSeconds } = asked;
  const left = secondsLeft(loop);
  if (left <= 0) return 'no time is left for training: write your log, then call finish_sprint';
  const pace = paceNow(loop, soFar, spec.experiment);
  const stages = stagesOf(loop, soFar);
  const reserved = stages && pace && isReservedRun(spec, stages, pace);
  const why = stages && !reserved ? unearned(spec, stages) : null;
  if (why !== null || !pace) return why;
  const speed = pace.samplesPerSecond;
  const need = openSeconds + secondsFor(spec.samples, pace) + (reference ? reference.samples / speed : 0);
  if (need > left) {
    const room = Math.max(0, Math.floor((left - openSeconds - pace.judgeSeconds) * speed));
    const before = openSeconds > 0 ? `, after ${duration(openSeconds)} of runs before it` : '';
    return `${spec.samples} samples take about ${duration(spec.samples / speed)} at ${show(speed)} samples/s, and their judging ${duration(pace.judgeSeconds)}${before}; ${duration(left)} are left; at most ${room} samples still fit`;
  }
  return stages && !reserved ? keptSlot(asked, need, stages, pace) : null;
}

/** Why a run that was accepted is not started after all: it could not end, and be judged, any more. Null where it can. */
export function noRoom(loop: LoopParts, spec: RunSpec, soFar: RunsSoFar, role?: 'incumbent'): string | null {
  const left = secondsLeft(loop);
  const pace = paceNow(loop, soFar, spec.experiment);
  // The incumbent's own run is only compared with.
  const need = pace ? secondsFor(spec.samples, role ? { ...pace, judgeSeconds: 0 } : pace) : 0;
  if (left > 0 && need <= left) return null;
  return `${duration(Math.max(0, left))} are left, too little for ${spec.samples} samples${role ? '' : ' and their judging'}`;
}

/** The last full run of the night, of the candidate that it is kept for. */
function isReservedRun(spec: RunSpec, stages: Stages, pace: Pace): boolean {
  const candidate = bestCandidate(stages);
  return (
    candidate !== null &&
    stageOf(stages.profile, spec.samples) === 'count' &&
    sameRecipe(spec, candidate) &&
    fits(stages.profile.budgets.count, pace) <= 1
  );
}

/** Whether a run would take the time of the last full run from the best candidate. */
function keptSlot({ open }: Asked, need: number, stages: Stages, pace: Pace): string | null {
  const candidate = bestCandidate(stages);
  const full = fullRunSeconds(stages.profile, pace);
  if (!candidate || pace.secondsLeft < full || pace.secondsLeft - need >= full) return null;
  const samples = stages.profile.budgets.count;
  const underWay = open.some((spec) => spec.samples === samples && sameRecipe(spec, candidate));
  if (underWay) return null;
  return `after it no full run would fit any more: ${duration(pace.secondsLeft)} are left, a full run takes ${duration(secondsFor(samples, pace))}, and that is kept for the best candidate so far, ${candidate.id}. Start it now: run_experiment with of: "${candidate.id}", budget: "count"`;
}

/** The lines of a prompt that plan the night: speed, time, what still fits, and what the last full run is kept for. */
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
    `- until the end, ${duration(Math.max(0, pace.secondsLeft))}, fit ${room.join(', or ')}`,
  ];
  const stages = stagesOf(loop, soFar);
  if (!stages) return lines;
  return [...lines, ...stageLines(stages, pace)];
}

function stageLines(stages: Stages, pace: Pace): string[] {
  const { noise, budgets } = stages.profile;
  const lines = [
    `- stages: a screen is compared with the best's screen at the same budget and seed (the loop trains that once, where it is missing); a gain beyond ${noise}, in the mean over the seeds tried, earns a rank run of the same code and settings, compared in the same way; that earns the counting run`,
  ];
  if (!stages.incumbent)
    lines.push('- there is no best yet to compare with: a screen is enough to earn the first counting run');
  const candidate = bestCandidate(stages);
  const full = fits(budgets.count, pace);
  if (!candidate) return lines;
  if (full > 1) return [...lines, `- best candidate without a counting run: ${candidate.id}`];
  if (full < 1) return lines;
  return [
    ...lines,
    `- only ONE full run still fits. It is kept for the best candidate so far, ${candidate.id}: claim a sprint for it and start it at once (run_experiment with of: "${candidate.id}", budget: "count"), unless a run that is quickly made beats it first; where nobody has started it when nothing else fits any more, the loop does`,
  ];
}
