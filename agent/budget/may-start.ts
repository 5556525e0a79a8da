import { type Role, type RunSpec, specOf } from '#contract/run';
import { homeOf } from '#host/worktree';
import type { Refusal } from '../common/refusal.ts';
import { duration, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Printed, sameRecipe } from '../ledger/repeat.ts';
import { bestCandidate, type Stages, stageOf, unearned } from '../ledger/stages.ts';
import type { Connection } from '../researcher/connection.ts';
import { diskTrouble, type FreeBytes } from './disk.ts';
import { fits, fullRunSeconds, type Pace, secondsFor } from './pace.ts';
import { paceNow, type RunsSoFar, secondsLeft, stagesOf } from './plan.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
  /** How many runs train at a time; unset: one. */
  devices?: { readonly size: number };
}

/**
 * Why a run may not start. `unearned`: the stages of the profile forbid it. `kept`: it would take the time
 * of the last full run.
 */
export type NoStart = Refusal<'time' | 'disk' | 'unearned' | 'kept'>;

/** A run and the ticket that identifies it. */
interface Ticketed {
  ticket: string;
  spec: Printed;
}

/** A run that a researcher asks for. */
export interface AskedRun extends Ticketed {
  sprint: string | null;
  /** The incumbent's run to compare with, where it does not exist yet. */
  reference: Ticketed | null;
}

/**
 * The gate of every run that is asked for. Returns null where the run may be made, and reserves the device
 * for it and for its reference run in the same step. Otherwise returns the reason and what to do instead.
 */
export function mayStart(
  loop: LoopParts,
  asked: AskedRun,
  soFar: RunsSoFar,
  free?: FreeBytes,
): NoStart | null {
  const no = noDisk(loop, free) ?? refusal(loop, asked, soFar);
  if (no) return no;
  const { sprint, ticket, spec, reference } = asked;
  reserveRun(loop, { sprint, ticket, spec });
  if (reference) reserveRun(loop, { sprint, ...reference, role: 'incumbent' });
  return null;
}

/**
 * The gate again, when the run's turn on the device has come: the run and its judging have to end before the
 * loop does. Returns null where they can.
 */
export function mayStillStart(
  loop: LoopParts,
  spec: RunSpec,
  soFar: RunsSoFar,
  role?: Role,
  free?: FreeBytes,
): NoStart | null {
  const disk = noDisk(loop, free);
  if (disk) return disk;
  const left = secondsLeft(loop);
  const pace = paceNow(loop, soFar, spec.experiment);
  // The incumbent's run is a reference only and is not judged.
  const judged = role !== 'incumbent';
  const need = pace ? secondsFor(spec.samples, judged ? pace : { ...pace, judgeSeconds: 0 }) : 0;
  if (left > 0 && need <= left) return null;
  return {
    code: 'time',
    reason: `${duration(Math.max(0, left))} are left; that is too short for ${spec.samples} samples${judged ? ' and their judging' : ''}`,
  };
}

/** Reserves the device for a run that no researcher asks for: the loop's own, or one that is resumed. */
export function reserveRun(
  { journal }: Pick<LoopParts, 'journal'>,
  run: Ticketed & { sprint: string | null; role?: Role; left?: number },
): void {
  const { spec, left = spec.samples, ...of } = run;
  journal.emit({ type: 'run.reserved', ...of, ...specOf(spec), left });
}

function noDisk({ config: { repo } }: LoopParts, free?: FreeBytes): NoStart | null {
  const reason = diskTrouble(homeOf(repo), free);
  return reason === null ? null : { code: 'disk', reason };
}

function refusal(loop: LoopParts, { spec, reference }: AskedRun, soFar: RunsSoFar): NoStart | null {
  const left = secondsLeft(loop);
  if (left <= 0)
    return {
      code: 'time',
      reason: 'no time is left for training: write your log, then call finish_sprint',
    };
  const pace = paceNow(loop, soFar, spec.experiment);
  const stages = stagesOf(loop, soFar);
  const reserved = stages && pace && isReservedRun(spec, stages, pace);
  const why = stages && !reserved ? unearned(spec, stages) : null;
  if (why !== null) return { code: 'unearned', reason: why };
  if (!pace) return null;
  const speed = pace.samplesPerSecond;
  const openSeconds = promisedSeconds(loop, soFar);
  const need =
    openSeconds + secondsFor(spec.samples, pace) + (reference ? reference.spec.samples / speed : 0);
  if (need > left) {
    const room = Math.max(0, Math.floor((left - openSeconds - pace.judgeSeconds) * speed));
    const before = openSeconds > 0 ? `, after ${duration(openSeconds)} of runs before it` : '';
    return {
      code: 'time',
      reason: `${spec.samples} samples take about ${duration(spec.samples / speed)} at ${show(speed)} samples/s, and their judging ${duration(pace.judgeSeconds)}${before}; ${duration(left)} are left; at most ${room} samples still fit`,
    };
  }
  return stages && !reserved ? keptSlot(loop, need, stages, pace) : null;
}

/**
 * The gate of the runs that repeat a verdict on a second seed. They and their judging have to end before the
 * loop and the sprint do, and they may not take the time that the last full run is kept for.
 */
export function mayRepeat(
  loop: LoopParts,
  specs: readonly RunSpec[],
  soFar: RunsSoFar,
  free?: FreeBytes,
): NoStart | null {
  const disk = noDisk(loop, free);
  if (disk || specs.length === 0) return disk;
  const left = secondsLeft(loop);
  const pace = paceNow(loop, soFar, specs[0]?.experiment);
  const need = pace ? specs.reduce((sum, { samples }) => sum + secondsFor(samples, pace), 0) : 0;
  if (left <= 0 || need > left)
    return {
      code: 'time',
      reason: `it takes about ${duration(need)}, and ${duration(Math.max(0, left))} are left`,
    };
  const stages = stagesOf(loop, soFar);
  return stages && pace ? keptSlot(loop, need, stages, pace) : null;
}

/** The seconds that the devices are still reserved for accepted runs, of all researchers. */
function promisedSeconds(loop: LoopParts, soFar: RunsSoFar): number {
  const pace = paceNow(loop, soFar);
  if (!pace) return 0;
  const { reserved, runs } = loop.journal.state();
  const seconds = reserved.reduce((sum, { run, left }) => {
    const eta = run === null ? undefined : runs[run]?.progress?.etaSeconds;
    return sum + (eta ?? left / pace.samplesPerSecond);
  }, 0);
  return seconds / (loop.devices?.size ?? 1);
}

/** Whether this is the last full run of the night, for the candidate that it is kept for. */
function isReservedRun(spec: RunSpec, stages: Stages, pace: Pace): boolean {
  const candidate = bestCandidate(stages);
  return (
    candidate !== null &&
    stageOf(stages.profile, spec.samples) === 'full' &&
    sameRecipe(spec, candidate) &&
    fits(stages.profile.budgets.full, pace) <= 1
  );
}

/** Refuses a run that would take the time of the best candidate's last full run; null for any other. */
function keptSlot({ journal }: LoopParts, need: number, stages: Stages, pace: Pace): NoStart | null {
  const candidate = bestCandidate(stages);
  const full = fullRunSeconds(stages.profile, pace);
  if (!candidate || pace.secondsLeft < full || pace.secondsLeft - need >= full) return null;
  const samples = stages.profile.budgets.full;
  const { reserved } = journal.state();
  if (reserved.some((run) => run.samples === samples && sameRecipe(run, candidate))) return null;
  return {
    code: 'kept',
    reason: `no full run would fit after it: ${duration(pace.secondsLeft)} are left, and a full run takes ${duration(secondsFor(samples, pace))}. The last full run is kept for the best candidate so far, ${candidate.id}. Start that now: run_experiment with of: "${candidate.id}", budget: "full"`,
  };
}
