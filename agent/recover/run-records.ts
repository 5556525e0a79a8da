import { existsSync, readdirSync } from 'node:fs';
import { writeJsonAtomic } from '#contract/atomic';
import { RunRecord } from '#contract/run';
import { readUntrusted } from '#host/untrusted';
import { inRun, runDir, runsDir } from '../common/paths.ts';
import { CUT_OFF } from '../runs/interrupted.ts';

/** The record of a run, brought to its end where it says that it still runs, after so many `seconds`. Null where there is none. */
export function completeRecord(repo: string, id: string, seconds: number): RunRecord | null {
  const path = inRun(runDir(repo, id)).record;
  try {
    const record = RunRecord.parse(JSON.parse(readUntrusted(path, 1 << 20) ?? ''));
    if (record.status !== 'running') return record;
    const completed: RunRecord = {
      ...record,
      status: 'killed',
      reason: CUT_OFF,
      endedBy: 'loop',
      endedAt: new Date().toISOString(),
      seconds: (record.seconds ?? 0) + seconds,
    };
    writeJsonAtomic(path, completed);
    return completed;
  } catch {
    return null;
  }
}

export function runFolders(repo: string): string[] {
  const runs = runsDir(repo);
  return existsSync(runs) ? readdirSync(runs) : [];
}
