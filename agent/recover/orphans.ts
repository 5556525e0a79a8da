import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { specOf } from '#contract/run';
import { endOrphans } from '#host/marks';
import { homeOf } from '#host/worktree';
import { laneDir, laneDirs, reportsDir, runDir, sprintsDir, stateDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import type { Executor } from '../executor/executor.ts';
import type { Journal } from '../journal/journal.ts';
import { openSprints } from '../journal/state.ts';
import { findRunRecord, runNames } from '../ledger/run-folder.ts';
import { CUT_OFF } from '../runs/interrupted.ts';
import { removeHalfWritten } from './half-written.ts';
import { pruneTrees } from './prune.ts';
import { completeRecord } from './run-records.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  executor: Executor;
  journal: Journal;
}

/**
 * Ends what a killed loop, or a killed command by hand, left running, and completes the records of its runs.
 * A run of an open sprint that had started but is not in the log yet is logged now. `until` is the time of
 * the loop's last event.
 */
export async function endLeftovers(loop: LoopParts, until: string | null): Promise<void> {
  const {
    config: { repo },
    executor,
    journal,
  } = loop;
  const { runs } = loop.journal.state();
  const open = openSprints(loop.journal.state());
  // A run that goes on without the loop goes on with its sprint.
  const isKept = (id: string, of: ReturnType<typeof openSprints>[number] | undefined) =>
    executor.goesOn(runDir(repo, id)) && of?.claim != null;
  for (const [id, run] of Object.entries(runs)) {
    const of = open.find((sprint) => sprint.runs.includes(id));
    const kept = isKept(id, of);
    const ended = kept ? false : await executor.endLeft(runDir(repo, id));
    const trained = run.waits === undefined ? Date.parse(until ?? '') - Date.parse(run.startedAt) : 0;
    const seconds = Math.max(0, trained / 1000) || 0;
    const status = completeRecord(repo, id, seconds)?.status ?? 'killed';
    const reason = `${CUT_OFF}${ended ? '; its processes were still running and are ended' : ''}`;
    const owner = of ? journal.by(of.researcherId) : journal;
    owner.emit({ type: 'run.finished', run: id, status, reason, seconds });
  }
  const orphans = await endOrphans(realpathSync(homeOf(repo)));
  if (orphans > 0) {
    const text = `ended ${orphans} processes that were left by a killed command`;
    journal.notice(text);
  }
  for (const id of runNames(repo)) {
    const named = sprintOf(repo, id);
    const of = open.find(({ claim }) => named !== null && claim?.id === named);
    if (id in runs || (executor.isRunning(runDir(repo, id)) && !isKept(id, of))) continue;
    const record = completeRecord(repo, id, 0);
    if (!record || !of || of.runs.includes(id)) continue;
    const { status } = record;
    const owner = journal.by(of.researcherId);
    owner.emit({
      type: 'run.started',
      run: id,
      sprint: record.sprint,
      ...specOf(record),
    });
    owner.emit({ type: 'run.finished', run: id, status, reason: CUT_OFF, seconds: 0 });
  }
  const sprints = [sprintsDir(repo), join(sprintsDir(repo), 'leaderboards')];
  for (const { claim, researcherId } of open)
    if (claim) sprints.push(join(sprintsDir(laneDir(repo, researcherId)), claim.id));
  const runDirs = runNames(repo).map((id) => runDir(repo, id));
  removeHalfWritten(repo, [stateDir(repo), reportsDir(repo), ...sprints, ...runDirs]);
  for (const checkout of new Set([...laneDirs(repo), homeOf(repo)])) pruneTrees(checkout);
}

const sprintOf = (repo: string, run: string): string | null =>
  findRunRecord(runDir(repo, run))?.sprint ?? null;
