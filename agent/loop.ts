import { unreachedIn } from '#host/by-hand';
import { type House, stateDir } from './house.ts';
import { releaseGit } from './leftovers.ts';
import { takeLock } from './lock.ts';
import { type Fittings, moveIn } from './move-in.ts';
import { lastSlot } from './night/last-slot.ts';
import { atLimit, decideNext, reasonOf, tooLittleMoney } from './night/next.ts';
import { whilePaused } from './night/pause.ts';
import { nightSecondsLeft } from './night/plan.ts';
import { probeSpeed } from './night/probe.ts';
import type { Manner, StopRequest } from './night/stop.ts';
import type { Plan } from './preflight.ts';
import { recover } from './recover.ts';
import { rereadTask } from './reread.ts';
import type { Ending } from './researcher/conversation.ts';
import { leaveClean, settle } from './settle.ts';
import { closeSprint, leftWorkspace } from './sprint/close.ts';
import { commitSprint } from './sprint/commit.ts';
import { fullRun } from './sprint/full-run.ts';
import { judgeOrFail } from './sprint/judge.ts';
import { type OpenSprint, openSprint } from './sprint/open.ts';
import { reportSprint } from './sprint/report.ts';
import { research } from './sprint/research.ts';
import { restoreWorkspace } from './sprint/workspace.ts';
import { messageOf } from './words.ts';

/**
 * The whole loop: PREFLIGHT (done: it made the plan) → RECOVER → SPRINT → JUDGE → REPORT → COMMIT → DECIDE → next or stop.
 * Gives the exit code (see EXIT).
 */
export async function runLoop(plan: Plan, fittings: Fittings): Promise<number> {
  const unlock = await takeLock(stateDir(plan.repo), fittings.lock);
  try {
    const released = await releaseGit(plan.repo);
    const { house, before } = await moveIn(plan, fittings);
    if (released) notice(house, released);
    const unreached = unreachedIn(house.sandbox);
    if (unreached !== null) notice(house, unreached, 'warn');
    for (const text of house.connection.reached.notes) notice(house, text);
    if (house.stopper.forgetOld(house.since))
      notice(house, 'a file STOP was left for an earlier loop; it is taken away');
    house.stopper.listen(
      (manner) => notice(house, STOPPING[manner]),
      () =>
        notice(
          house,
          'the terminal has gone; the loop goes on without it ("npm run status", "npm run stop")',
        ),
    );
    try {
      const open = await recover(house, before);
      const stopping = house.stopper.requested() !== null;
      if (!open && !stopping) await settle(house, plan.start);
      if (!stopping && house.profile.staged && house.state().probedSpeed === null) await probe(house);
      const stop = await sprints(house, open);
      await leaveClean(house);
      house.events.emit({ type: 'loop.stopped', ...stop });
      return stop.exitCode;
    } catch (error) {
      notice(house, `the loop failed: ${messageOf(error)}`, 'warn');
      throw error;
    } finally {
      await house.notifier?.settled();
      house.stopper.release();
      await house.connection.close();
      house.events.close();
    }
  } finally {
    unlock();
  }
}

/** What is said when the loop is asked to stop. */
const STOPPING: Record<Manner, string> = {
  'after-run': 'stopping after the run under way; Ctrl-C stops before its end, and keeps what it saved',
  keep: 'stopping: the turn is finished, and a run under way is saved, for the next start to go on with ("npm run stop -- --after-run" lets it finish first); Ctrl-C once more stops at once',
  now: 'stopping at once; the next start goes on with what is open',
};

/** A night in stages is planned from its first sprint on: how fast is this machine? */
async function probe(house: House): Promise<void> {
  const left = nightSecondsLeft(house);
  if (left <= 0) return;
  try {
    const speed = await house.split.time('training', () => probeSpeed(house, house.executor, left));
    if (speed) house.events.emit({ type: 'speed.measured', ...speed });
  } catch (error) {
    notice(house, messageOf(error), 'warn');
  }
}

/** Sprint after sprint, until there is a reason to stop. */
async function sprints(house: House, resumed: OpenSprint | null): Promise<StopRequest> {
  const failures: string[] = [];
  for (let open = resumed; ; open = null) {
    await whilePaused(house);
    if (!open) {
      await rereadTask(house);
      const stop = house.stopper.requested() ?? atLimit(house);
      if (stop) return stop;
    }
    const short = open ? null : tooLittleMoney(house);
    if (short) {
      await useLastSlot(house, short);
      return house.stopper.requested() ?? short;
    }
    const due = open ? null : lastSlot(house);
    const sprint = open ?? (await openSprint(house, due?.due ? due.candidate.id : null));
    const ending = await makeSprint(house, sprint);
    if (staysOpen(house, sprint)) return house.stopper.requested() as StopRequest;
    const stop = decideNext(house, sprint, ending, failures);
    if (!stop) continue;
    await useLastSlot(house, stop);
    return house.stopper.requested() ?? stop;
  }
}

/** Money, credit or patience may end before the time does: then a full run that was earned is still made. */
async function useLastSlot(house: House, { reason }: StopRequest): Promise<void> {
  if (house.stopper.requested() || atLimit(house)) return;
  const slot = lastSlot(house);
  if (!slot) return;
  notice(
    house,
    `${reason}; before the loop leaves it makes the full run of ${slot.candidate.id}, which still fits`,
  );
  await makeSprint(house, await openSprint(house, slot.candidate.id));
}

/** All is stopped at once, or something trained as the loop was stopped: the next start goes on with the sprint. */
const staysOpen = (house: House, sprint: OpenSprint): boolean => house.stopper.hard.aborted || sprint.parked;

/** A sprint from its opening to its commit, unless it stays open. */
async function makeSprint(house: House, sprint: OpenSprint): Promise<Ending> {
  const ending = await attempt(house, sprint);
  if (staysOpen(house, sprint)) return ending;
  if (sprint.claim) await finishSprint(house, sprint, ending);
  else await dropSprint(house, sprint, ending);
  return ending;
}

/** The researcher's part, or the loop's own run. Whatever goes wrong in it is this sprint's failure, not the loop's end. */
async function attempt(house: House, sprint: OpenSprint): Promise<Ending> {
  try {
    return sprint.fullRunOf === null ? await research(house, sprint) : await fullRun(house, sprint);
  } catch (error) {
    const reason = messageOf(error);
    notice(house, `the sprint failed: ${reason}`, 'warn');
    await sprint.runs?.stopAll('the sprint failed');
    return { kind: 'failed', reason: reason.split('\n')[0] };
  }
}

/** JUDGE → close → REPORT → COMMIT. */
async function finishSprint(house: House, sprint: OpenSprint, ending: Ending): Promise<void> {
  const { tree: treeNow, trouble } = await leftWorkspace(house, sprint.treeBefore);
  if (trouble) notice(house, trouble, 'warn');
  const trained = house.split.seconds.training;
  const judged = await house.split.time('judging', () => judgeOrFail(sprint, ending, treeNow));
  // The paired screens of an infrastructure change train inside of judging.
  house.split.add('judging', trained - house.split.seconds.training);
  // Stopped at once: the sprint stays open, and the next start judges it.
  if (house.stopper.hard.aborted) return;
  const state = house.state().sprint;
  if (!state) throw new Error('the event log lost the open sprint');
  const { finish } = sprint;
  const done = sprint.fullRunOf === null ? 'the researcher finished it' : 'its full run has ended';
  const stopReason = ending.kind === 'finished' ? done : reasonOf(ending);
  const closed = await closeSprint(house, { state, judged, finish, stopReason, treeNow });
  await reportSprint(house, closed);
  await commitSprint(house, closed);
}

/** A conversation that never claimed a sprint leaves nothing but the workspace as it was. */
async function dropSprint(house: House, { number, treeBefore }: OpenSprint, ending: Ending): Promise<void> {
  const { repo, task, events } = house;
  await restoreWorkspace({ repo, folder: task.contract.workspace, tree: treeBefore });
  events.emit({ type: 'sprint.dropped', number, reason: reasonOf(ending) });
}

function notice(house: House, text: string, level: 'info' | 'warn' = 'info'): void {
  house.events.emit({ type: 'loop.notice', level, text });
}
