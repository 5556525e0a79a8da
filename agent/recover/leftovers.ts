import { existsSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeJsonAtomic } from '#contract/atomic';
import { RunRecord } from '#contract/run';
import { git } from '#host/git';
import { killGroup } from '#host/groups';
import { endOrphans } from '#host/marks';
import { processesIn } from '#host/processes';
import { readUntrusted } from '#host/untrusted';
import { reportsDir, sprintsDir, stateDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import { trainerOf } from '../executor/resume.ts';
import type { Journal } from '../journal/journal.ts';
import { runDir } from '../ledger/run-folder.ts';
import { CUT_OFF } from '../runs/interrupted.ts';
import { removeHalfWritten } from './half-written.ts';
import { pruneTrees } from './prune.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Config;
  journal: Journal;
}

/**
 * Ends what a loop, or a command by hand, left running when it was killed, and completes the records of its runs. A run of the open
 * sprint that was started, but not yet in the log, is entered now. `until` is when the loop was last heard of.
 */
export async function endLeftovers(loop: LoopParts, until: string | null): Promise<void> {
  const {
    config: { repo },
    journal,
  } = loop;
  const { runs, sprint } = loop.journal.state();
  for (const [id, run] of Object.entries(runs)) {
    const groups = await Promise.all(run.processes.map(({ pid, start }) => killGroup(pid, start)));
    const seconds = Math.max(0, (Date.parse(until ?? '') - Date.parse(run.startedAt)) / 1000) || 0;
    const status = complete(repo, id, seconds)?.status ?? 'killed';
    const reason = `${CUT_OFF}${groups.some(Boolean) ? '; what still ran was ended' : ''}`;
    journal.emit({ type: 'run.finished', run: id, status, reason, seconds });
  }
  const orphans = await endOrphans(realpathSync(repo));
  if (orphans > 0) {
    const text = `ended ${orphans} processes that a command left running when it was killed`;
    journal.emit({ type: 'loop.notice', level: 'info', text });
  }
  for (const id of runFolders(repo)) {
    if (id in runs || trainerOf(join(runDir(repo, id), 'out')) !== null) continue;
    const record = complete(repo, id, 0);
    if (!record || !sprint?.claim || record.sprint !== sprint.claim.id || sprint.runs.includes(id)) continue;
    const { experiment, args, tree, status } = record;
    journal.emit({
      type: 'run.started',
      run: id,
      sprint: record.sprint,
      experiment,
      args,
      tree,
      processes: [],
    });
    journal.emit({ type: 'run.finished', run: id, status, reason: CUT_OFF, seconds: 0 });
  }
  const sprints = [sprintsDir(repo), join(sprintsDir(repo), 'leaderboards')];
  if (sprint?.claim) sprints.push(join(sprintsDir(repo), sprint.claim.id));
  const runDirs = runFolders(repo).map((id) => runDir(repo, id));
  removeHalfWritten(repo, [stateDir(repo), reportsDir(repo), ...sprints, ...runDirs]);
  pruneTrees(repo);
}

const GIT_ENDS_MS = 10_000;
/** Younger ones may belong to someone who is at work elsewhere: an editor, another worktree. */
const STALE_MS = 5000;

/**
 * Waits for a git that a killed loop left at work, so that its commit is seen, and removes the locks of one that came to no end (a
 * power cut): of the index, of references, of the configuration. Gives the line that tells of it.
 */
export async function releaseGit(repo: string): Promise<string | null> {
  const folders = await git(repo, ['rev-parse', '--git-dir', '--git-common-dir']);
  const places = [...new Set(folders.split('\n').map((folder) => resolve(repo, folder)))];
  const atWork = () => processesIn(realpathSync(repo), 'git').length > 0;
  let locks = locksIn(places);
  for (let waited = 0; waited < GIT_ENDS_MS && locks.length > 0; waited += 50) {
    if (!atWork() && locks.every(isStale)) break;
    await sleep(50);
    locks = locksIn(places);
  }
  const left = atWork() ? [] : locks.filter(isStale);
  for (const lock of left) rmSync(lock, { force: true });
  return left.length > 0 ? `removed ${left.join(', ')}, which a git that was cut off had left` : null;
}

function locksIn(places: readonly string[]): string[] {
  return places.flatMap((place) => {
    const refs = join(place, 'refs');
    const below = existsSync(refs) ? readdirSync(refs, { recursive: true, encoding: 'utf8' }) : [];
    const names = [...readdirSync(place), ...below.map((name) => join('refs', name))];
    return names.filter((name) => name.endsWith('.lock')).map((name) => join(place, name));
  });
}

function isStale(lock: string): boolean {
  const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return since !== undefined && Date.now() - since > STALE_MS;
}

/** The record of a run, brought to its end where it says that it still runs, after so many `seconds`. Null where there is none. */
function complete(repo: string, id: string, seconds: number): RunRecord | null {
  const path = join(runDir(repo, id), 'run.json');
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

function runFolders(repo: string): string[] {
  const runs = join(repo, 'checkpoints');
  return existsSync(runs) ? readdirSync(runs) : [];
}
