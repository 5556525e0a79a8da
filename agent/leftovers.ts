import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeJsonAtomic } from '#contract/atomic';
import { RunRecord } from '#contract/run';
import { git } from '#host/git';
import { endOrphans, killGroup, processesIn } from '#host/processes';
import { readUntrusted } from '#host/untrusted';
import { trainerOf } from './executor/resume.ts';
import { type House, reportsDir, sprintsDir, stateDir } from './house.ts';
import { pruneTrees } from './prune.ts';
import { CUT_OFF } from './sprint/go-on.ts';
import { runDir } from './sprint/run-folder.ts';

/**
 * Ends what a loop, or a command by hand, left running when it was killed, and completes the records of its runs. A run of the open
 * sprint that was started, but not yet in the log, is entered now. `until` is when the loop was last heard of.
 */
export async function endLeftovers(house: House, until: string | null): Promise<void> {
  const { repo, events } = house;
  const { runs, sprint } = house.state();
  for (const [id, run] of Object.entries(runs)) {
    const groups = await Promise.all(run.processes.map(({ pid, start }) => killGroup(pid, start)));
    const status = complete(repo, id)?.status ?? 'killed';
    const reason = `${CUT_OFF}${groups.some(Boolean) ? '; what still ran was ended' : ''}`;
    const seconds = Math.max(0, (Date.parse(until ?? '') - Date.parse(run.startedAt)) / 1000) || 0;
    events.emit({ type: 'run.finished', run: id, status, reason, seconds });
  }
  const orphans = await endOrphans(realpathSync(repo));
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
  const open = sprint?.claim ? [join(sprintsDir(repo), sprint.claim.id)] : [];
  const runDirs = runFolders(repo).map((id) => runDir(repo, id));
  for (const folder of [stateDir(repo), reportsDir(repo), ...open, ...runDirs]) removeHalfWritten(folder);
  pruneTrees(repo);
}

const GIT_ENDS_MS = 10_000;

/**
 * Waits for a git that a killed loop left at work, so that its commit is seen, and removes the lock of one that came to no end (a
 * power cut). Gives the line that tells of it.
 */
export async function releaseGit(repo: string): Promise<string | null> {
  const lock = resolve(repo, await git(repo, ['rev-parse', '--git-path', 'index.lock']));
  const atWork = () => processesIn(realpathSync(repo), 'git').length > 0;
  for (let waited = 0; waited < GIT_ENDS_MS && existsSync(lock) && atWork(); waited += 50) await sleep(50);
  if (!existsSync(lock) || atWork()) return null;
  rmSync(lock, { force: true });
  return `removed ${lock}, which a git that was cut off had left`;
}

/** Removes the temporary files of writes that were cut off (see writeFileAtomic). */
function removeHalfWritten(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((name) => /\.\d+\.tmp$/.test(name)))
    rmSync(join(folder, name), { recursive: true, force: true });
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
