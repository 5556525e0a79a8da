import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import type { Sandbox } from '#host/sandbox';
import type { Stopper } from '../budget/stop.ts';
import { inSprint, runDir, sprintsDir, stateDir } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import { endLeftElsewhere } from '../confirm/left-elsewhere.ts';
import type { SecretStore } from '../confirm/store.ts';
import type { DevicePool } from '../devices/pool.ts';
import type { Executor } from '../executor/executor.ts';
import { clearUnused } from '../executor/slurm/clear-unused.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Trunk } from '../git/trunk.ts';
import type { Journal } from '../journal/journal.ts';
import type { LoopState, SprintState } from '../journal/state.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type OpenSprint, reopenSprint, sprintToJudge } from '../open-sprint/open-sprint.ts';
import { closedRecord, dropUnclaimed, tidySprintFolder } from '../open-sprint/own-folder.ts';
import { diffTrees, restoreWorkspace } from '../open-sprint/workspace.ts';
import type { Connection } from '../researcher/connection.ts';
import { CUT_OFF } from '../runs/interrupted.ts';
import type { Outputs } from '../screen/outputs.ts';
import { announceClosed, closeSprint, leftWorkspace } from '../sprint/close.ts';
import { commitSprint } from '../sprint/commit.ts';
import { type Judged, judgeOrFail, NOT_JUDGED, tellTidied } from '../sprint/judge.ts';
import { reportSprint } from '../sprint/report.ts';
import { endLeftovers } from './orphans.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  sandbox: Sandbox;
  executor: Executor;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
  devices: DevicePool;
  ownDevices: DevicePool;
  timer: Timer;
  trunk: Trunk;
  outputs: Outputs;
  /** The secret worlds of the run branch, where the task has them. */
  secrets: SecretStore | null;
  stopper: Stopper;
}

/** Ends the processes that a killed loop left, also those on secret worlds, and completes their records. */
export async function endLeft(loop: LoopParts, before: LoopState): Promise<void> {
  await endLeftovers(loop, before.lastEventAt);
  await loop.secrets?.endLeft(loop.executor, loop.config.repo);
  await endLeftElsewhere(loop.executor, loop.config.repo, loop.secrets?.of.folder ?? null);
  await clearUnused(loop.config.repo);
}

/** Makes the reports of sprints that were committed when the loop was killed, and had none yet. */
export async function reportLeft(loop: LoopParts): Promise<void> {
  const { unreported } = loop.journal.state();
  for (const sprint of loop.ledger.sprints)
    if (unreported.includes(sprint.id)) await reportSprint(loop, sprint);
}

/**
 * Completes the sprint that a researcher had open when the loop was killed or stopped at once. It is closed
 * as `interrupted` (or judged, where a full run had finished), then reported and committed from wherever it
 * stood. If the same researcher can resume its conversation under the same rules, the open sprint is returned
 * instead.
 */
export async function recover(loop: LoopParts, before: LoopState): Promise<OpenSprint | null> {
  const { sprint } = loop.journal;
  if (!sprint) return null;
  const sameRules = (sprint.leaderboard ?? before.leaderboard) === loop.config.leaderboard;
  if (sameRules && before.started?.researcher === loop.connection.label) {
    const open = reopenSprint(loop, sprint);
    if (open) return open;
  }
  for (const id of sprint.runs)
    if (loop.executor.goesOn(runDir(loop.config.repo, id)))
      await loop.executor.endLeft(runDir(loop.config.repo, id));
  await closeLeftover(loop, sprint, sameRules);
  return null;
}

async function closeLeftover(loop: LoopParts, sprint: SprintState, sameRules: boolean): Promise<void> {
  const {
    config: { repo, task },
    journal,
  } = loop;
  const { tree: treeNow, trouble } = await leftWorkspace(loop, sprint.treeBefore);
  const where = sprint.claim && join(sprintsDir(repo), sprint.claim.id);
  if (!sprint.claim || !where || !existsSync(where)) {
    const change = await diffTrees(repo, sprint.treeBefore, treeNow);
    const patch = join(stateDir(repo), `unclaimed-sprint-${sprint.number}.patch`);
    if (change.patch !== '') writeFileSync(patch, change.patch);
    await restoreWorkspace({ repo, folder: task.contract.workspace, tree: sprint.treeBefore });
    if (!sprint.claim) dropUnclaimed(repo, sprint.openedAt);
    if (change.patch !== '') {
      const text = `a sprint ended before start_sprint; its changes are kept in ${patch}`;
      journal.notice(text);
    }
    journal.emit({ type: 'sprint.dropped', number: sprint.number, reason: CUT_OFF });
    return;
  }

  let record = closedRecord(repo, sprint.claim.id);
  if (record) {
    writeJsonAtomic(inSprint(where).record, record);
    loop.ledger.add(record);
    if (!sprint.closed) announceClosed(loop, record);
  } else {
    tellTidied(loop, tidySprintFolder(where));
    const reason = trouble ? `${CUT_OFF}; ${trouble}` : CUT_OFF;
    const left = sameRules ? sprintToJudge(loop, sprint) : null;
    const judged: Judged = left
      ? await loop.timer.time('judging', () => judgeOrFail(left, { kind: 'stopped', reason }, treeNow))
      : { ...NOT_JUDGED, outcome: 'interrupted' as const, reason };
    // Stopped at once: the sprint stays open for the next start.
    if (loop.stopper.hard.aborted || judged.parked) return;
    record = await closeSprint(loop, {
      state: loop.journal.sprint ?? sprint,
      judged,
      finish: left?.finish ?? null,
      stopReason: CUT_OFF,
      treeNow,
    });
  }
  if (!sprint.rendered) await reportSprint(loop, record);
  await commitSprint(loop, record);
}
