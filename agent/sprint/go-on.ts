import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH_ROWS, resumePoint } from '../executor/resume.ts';
import { readRunRecord } from '../judging.ts';
import { type RunSpec, specOf } from './repeat.ts';
import { readSprintRun, runDir } from './run-folder.ts';

/** The reasons of a run that ended because the loop did: it was killed, or stopped before it could close the sprint. */
export const CUT_OFF = 'the loop was cut off';
export const SPRINT_ENDED = 'the sprint has ended';
const WITH_THE_LOOP = [CUT_OFF, SPRINT_ENDED];

/** What a run had done before it was cut off. */
export interface Earlier {
  /** That it had trained, as its record counts them. */
  seconds: number;
  /** Training samples that it need not be given again. */
  samples: number;
}

/** A run of a sprint that is taken up again. */
export interface CutOff {
  id: string;
  spec: RunSpec;
  role: 'incumbent' | undefined;
  earlier: Earlier;
}

/**
 * Those of these runs that ended with the loop, and whose trainer had saved what it needs to go on. `normalisation`: rows of the stream
 * that came before those to train on.
 */
export function cutOffRuns(repo: string, ids: readonly string[], normalisation: number): CutOff[] {
  return ids.flatMap((id) => {
    const run = readSprintRun(repo, id);
    const cutOff = run?.status === 'killed' && WITH_THE_LOOP.some((why) => run.reason?.includes(why));
    const batch = cutOff ? savedAt(repo, id) : null;
    if (!run || batch === null) return [];
    const samples = Math.max(0, batch * BATCH_ROWS - normalisation);
    return { id, spec: specOf(run), role: run.role, earlier: { seconds: run.seconds ?? 0, samples } };
  });
}

/** Those of these runs that had finished, but were not measured to the end when the loop was cut off. */
export const unmeasuredRuns = (repo: string, ids: readonly string[]): string[] =>
  ids.filter((id) => {
    const run = readSprintRun(repo, id);
    return run?.status === 'finished' && run.evals.length < snapshots(repo, id);
  });

function snapshots(repo: string, id: string): number {
  const folder = join(runDir(repo, id), 'out', 'evals');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.safetensors')).length : 0;
}

/** The batch of the stream that a run would go on with; null where it cannot. */
function savedAt(repo: string, id: string): number | null {
  const dir = runDir(repo, id);
  try {
    return resumePoint(dir, readRunRecord(dir));
  } catch {
    return null; // Nothing was saved, or nothing that can be read: it stays ended.
  }
}
