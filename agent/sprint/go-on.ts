import { resumePoint } from '../executor/resume.ts';
import { readRunRecord } from '../judging.ts';
import { type RunSpec, specOf } from './repeat.ts';
import { readSprintRun, runDir } from './run-folder.ts';

/** The reasons of a run that ended because the loop did: it was killed, or stopped before it could close the sprint. */
export const CUT_OFF = 'the loop was cut off';
export const SPRINT_ENDED = 'the sprint has ended';
const WITH_THE_LOOP = [CUT_OFF, SPRINT_ENDED];

/** A run of a sprint that is taken up again, with the spec of what is left of it. */
export interface CutOff {
  id: string;
  spec: RunSpec;
  role: 'incumbent' | undefined;
  /** Seconds that it had trained before, as its record counts them. */
  seconds: number;
}

/** Those of these runs that ended with the loop, and whose trainer had saved what it needs to go on. */
export function cutOffRuns(repo: string, ids: readonly string[]): CutOff[] {
  return ids.flatMap((id) => {
    const run = readSprintRun(repo, id);
    const cutOff = run?.status === 'killed' && WITH_THE_LOOP.some((why) => run.reason?.includes(why));
    if (!cutOff || !wasSaved(repo, id)) return [];
    return { id, spec: specOf(run), role: run.role, seconds: run.seconds ?? 0 };
  });
}

function wasSaved(repo: string, id: string): boolean {
  const dir = runDir(repo, id);
  try {
    resumePoint(dir, readRunRecord(dir));
    return true;
  } catch {
    return false; // Nothing was saved, or nothing that can be read: it stays ended.
  }
}
