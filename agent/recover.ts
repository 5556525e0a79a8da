import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import { type House, sprintsDir, stateDir } from './house.ts';
import { endLeftovers } from './leftovers.ts';
import { announceClosed, closeSprint, leftWorkspace } from './sprint/close.ts';
import { commitSprint } from './sprint/commit.ts';
import { CUT_OFF } from './sprint/go-on.ts';
import { judgeOrFail, NOT_JUDGED, tellTidied } from './sprint/judge.ts';
import { type OpenSprint, reopenSprint, sprintToJudge } from './sprint/open.ts';
import { closedRecord, dropUnclaimed, tidySprintFolder } from './sprint/own-folder.ts';
import { reportSprint } from './sprint/report.ts';
import { diffTrees, restoreWorkspace } from './sprint/workspace.ts';
import type { LoopState, SprintState } from './state.ts';

/**
 * Brings to its end what a loop left that was killed, or stopped at once: processes that still run are ended, the open sprint is closed
 * as `interrupted` (or judged, where a counting run had finished), or reported and committed from wherever it stood.
 * Where its conversation can be gone on with by the same researcher under the same rules, the open sprint is given back instead.
 */
export async function recover(house: House, before: LoopState): Promise<OpenSprint | null> {
  await endLeftovers(house, before.lastEventAt);
  const { sprint } = house.state();
  if (!sprint) return null;
  const sameRules = before.leaderboard === house.leaderboard;
  if (sameRules && before.started?.researcher === house.connection.label) {
    const open = reopenSprint(house, sprint);
    if (open) return open;
  }
  await closeLeftover(house, sprint, sameRules);
  return null;
}

async function closeLeftover(house: House, sprint: SprintState, sameRules: boolean): Promise<void> {
  const { repo, task, events } = house;
  const { tree: treeNow, trouble } = await leftWorkspace(house, sprint.treeBefore);
  const where = sprint.claim && join(sprintsDir(repo), sprint.claim.id);
  if (!sprint.claim || !where || !existsSync(where)) {
    const change = await diffTrees(repo, sprint.treeBefore, treeNow);
    const patch = join(stateDir(repo), `unclaimed-sprint-${sprint.number}.patch`);
    if (change.patch !== '') writeFileSync(patch, change.patch);
    await restoreWorkspace({ repo, folder: task.contract.workspace, tree: sprint.treeBefore });
    if (!sprint.claim) dropUnclaimed(repo, sprint.openedAt);
    if (change.patch !== '') {
      const text = `changes of a sprint that was never claimed are kept in ${patch}`;
      events.emit({ type: 'loop.notice', level: 'info', text });
    }
    events.emit({ type: 'sprint.dropped', number: sprint.number, reason: CUT_OFF });
    return;
  }

  let record = closedRecord(repo, sprint.claim.id);
  if (record) {
    writeJsonAtomic(join(where, 'sprint.json'), record);
    if (!sprint.closed) announceClosed(house, record);
  } else {
    tellTidied(house, tidySprintFolder(where));
    const reason = trouble ? `${CUT_OFF}; ${trouble}` : CUT_OFF;
    const left = sameRules ? sprintToJudge(house, sprint) : null;
    const judged = left
      ? await house.split.time('judging', () => judgeOrFail(left, { kind: 'stopped', reason }, treeNow))
      : { ...NOT_JUDGED, outcome: 'interrupted' as const, reason };
    // Stopped at once: the sprint stays open, for the next start.
    if (house.stopper.hard.aborted) return;
    record = await closeSprint(house, {
      state: house.state().sprint ?? sprint,
      judged,
      finish: left?.finish ?? null,
      stopReason: CUT_OFF,
      treeNow,
    });
  }
  if (!sprint.rendered) await reportSprint(house, record);
  await commitSprint(house, record);
}
