import { writeJsonAtomic } from '#contract/atomic';
import type { RunRecord } from '#contract/run';
import { inRun, runDir } from '../common/paths.ts';
import { findRunRecord } from '../ledger/run-folder.ts';
import { CUT_OFF } from '../runs/interrupted.ts';

/**
 * Returns the record of a run, or null where there is none. A record that says `running` is completed as
 * killed, after `seconds` more seconds.
 */
export function completeRecord(repo: string, id: string, seconds: number): RunRecord | null {
  const dir = runDir(repo, id);
  const record = findRunRecord(dir);
  if (record?.status !== 'running') return record;
  const completed: RunRecord = {
    ...record,
    status: 'killed',
    reason: CUT_OFF,
    endedBy: 'loop',
    endedAt: new Date().toISOString(),
    seconds: (record.seconds ?? 0) + seconds,
  };
  try {
    writeJsonAtomic(inRun(dir).record, completed);
    return completed;
  } catch {
    return null;
  }
}
