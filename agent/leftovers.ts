import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import { RunRecord } from '#contract/run';
import { endOrphans, killGroup } from '#host/processes';
import { readUntrusted } from '#host/untrusted';
import { trainerOf } from './executor/resume.ts';
import type { House } from './house.ts';
import { runDir } from './sprint/run-folder.ts';

const CUT_OFF = 'the loop was cut off';

/**
 * Ends what a loop, or a command by hand, left running when it was killed, and completes the records of its runs. A run of the open
 * sprint that was started, but not yet in the log, is entered now. `until` is when the loop was last heard of.
 */
export async function endLeftovers(house: House, until: string | null): Promise<void> {
  const { repo, events } = house;
  const { runs, sprint } = house.state();
  let ended = 0;
  for (const [id, run] of Object.entries(runs)) {
    const groups = await Promise.all(run.processes.map(({ pid, start }) => killGroup(pid, start)));
    ended += groups.filter(Boolean).length;
    const status = complete(repo, id)?.status ?? 'killed';
    const reason = `${CUT_OFF}${groups.some(Boolean) ? '; what still ran was ended' : ''}`;
    const seconds = Math.max(0, (Date.parse(until ?? '') - Date.parse(run.startedAt)) / 1000) || 0;
    events.emit({ type: 'run.finished', run: id, status, reason, seconds });
  }
  const orphans = endOrphans(realpathSync(repo));
  if (orphans > 0) {
    const text = `ended ${orphans} processes that a command left running when it was killed`;
    events.emit({ type: 'loop.notice', level: 'info', text });
  }
  for (const id of runFolders(repo)) {
    if (id in runs || trainerOf(join(runDir(repo, id), 'out')) !== null) continue;
    const record = complete(repo, id);
    if (!record || !sprint?.claim || record.sprint !== sprint.claim.id || sprint.runs.includes(id)) continue;
    const { experiment, args, tree, status } = record;
    events.emit({
      type: 'run.started',
      run: id,
      sprint: record.sprint,
      experiment,
      args,
      tree,
      processes: [],
    });
    events.emit({ type: 'run.finished', run: id, status, reason: CUT_OFF, seconds: 0 });
  }
}

/** The record of a run, brought to its end where it says that it still runs. Null where there is none. */
function complete(repo: string, id: string): RunRecord | null {
  const path = join(runDir(repo, id), 'run.json');
  try {
    const record = RunRecord.parse(JSON.parse(readUntrusted(path, 1 << 20) ?? ''));
    if (record.status !== 'running') return record;
    const completed: RunRecord = {
      ...record,
      status: 'killed',
      reason: CUT_OFF,
      endedAt: new Date().toISOString(),
    };
    writeJsonAtomic(path, completed);
    return completed;
  } catch {
    return null;
  }
}

function runFolders(repo: string): string[] {
  const runs = join(repo, 'checkpoints');
  return existsSync(runs) ? readdirSync(runs) : [];
}
