import { readdirSync } from 'node:fs';
import type { Profile } from '#contract/profile';
import { type Run, type RunSpec, specOf } from '#contract/run';
import { inRun, runDir } from '../common/paths.ts';
import type { Executor } from '../executor/executor.ts';
import { savedBatch } from '../executor/resume.ts';
import { readSprintRun } from '../ledger/run-folder.ts';

/** Reasons of a run that ended with a loop that was killed, with one that was stopped, or with its sprint. */
export const CUT_OFF = 'the loop was cut off';
export const LOOP_STOPPED = 'the loop was stopped; the next start continues the run';
export const SPRINT_ENDED = 'the sprint has ended';

/** Whether a run ended because the loop did, so that the next start resumes it. */
export const endedWithLoop = ({ endedBy }: Pick<Run, 'endedBy'>) => endedBy === 'loop';

/** What a run had done before it was cut off. */
export interface Earlier {
  /** Seconds of training, as in its record. */
  seconds: number;
  /** Training samples that the run does not need again. */
  samples: number;
}

/** A run to resume, of a sprint that is resumed. */
export interface CutOff extends Pick<Run, 'id' | 'role'> {
  spec: RunSpec;
  earlier: Earlier;
}

/**
 * The runs among `ids` that ended with the loop. A run that had saved nothing begins anew. `normalisation`:
 * rows of the stream before the training rows; `batch`: rows of one batch. A run that goes on without the
 * loop is among them: resuming it follows it.
 */
export function cutOffRuns(
  { repo, executor }: { repo: string; executor: Pick<Executor, 'isRunning' | 'goesOn'> },
  ids: readonly string[],
  { batch: rows, normalisation }: Pick<Profile, 'batch' | 'normalisation'>,
): CutOff[] {
  return ids.flatMap((id) => {
    const run = readSprintRun(repo, id);
    const dir = runDir(repo, id);
    // A run that still trains cannot be resumed.
    const goesOn = executor.goesOn(dir);
    if (!run || !endedWithLoop(run) || (executor.isRunning(dir) && !goesOn)) return [];
    const batch = savedBatch(dir);
    const samples = Math.max(0, (batch ?? 0) * rows - normalisation);
    const seconds = batch === null && !goesOn ? 0 : (run.seconds ?? 0);
    return { id, spec: specOf(run), role: run.role, earlier: { seconds, samples } };
  });
}

/** The runs among `ids` that had finished, but were not measured to the end when the loop was cut off. */
export const unmeasuredRuns = (repo: string, ids: readonly string[]): string[] =>
  ids.filter((id) => {
    const run = readSprintRun(repo, id);
    return run?.status === 'finished' && run.evals.length < snapshots(repo, id);
  });

function snapshots(repo: string, id: string): number {
  try {
    const names = readdirSync(inRun(runDir(repo, id)).snapshots);
    return names.filter((name) => name.endsWith('.safetensors')).length;
  } catch {
    return 0; // There is no such folder, or its trainer has put something else there.
  }
}
