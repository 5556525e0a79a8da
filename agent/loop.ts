import { EXIT_CODES } from '#contract/stop';
import { unreachedIn } from '#host/by-hand';
import { lastSlot } from './budget/last-slot.ts';
import { mayOpenSprint } from './budget/may-open-sprint.ts';
import { whilePaused } from './budget/pause.ts';
import type { StopMode, StopRequest } from './budget/stop.ts';
import { nightSecondsLeft } from './budget/time-left.ts';
import { stateDir } from './common/paths.ts';
import { messageOf } from './common/words.ts';
import { commitLeft, lastForBest, measureInFull } from './confirm/in-full.ts';
import { publishHash } from './confirm/published.ts';
import { takeLock } from './journal/lock.ts';
import { claimedIds } from './journal/state.ts';
import { type OpenSprint, openSprint } from './open-sprint/open-sprint.ts';
import { restoreWorkspace } from './open-sprint/workspace.ts';
import { paperTroubles, readPapers } from './papers/papers.ts';
import { releaseGit } from './recover/git-locks.ts';
import { recover } from './recover/recover.ts';
import type { Ending } from './researcher/conversation.ts';
import { probeSpeed } from './runs/probe.ts';
import { checkBest, settleLeft } from './sprint/checked-best.ts';
import { closeSprint, leftWorkspace } from './sprint/close.ts';
import { commitSprint } from './sprint/commit.ts';
import { fullRun } from './sprint/full-run.ts';
import { judgeOrFail } from './sprint/judge.ts';
import { decideNext, reasonOf } from './sprint/next.ts';
import { reportSprint } from './sprint/report.ts';
import { research } from './sprint/research.ts';
import { type Loop, type LoopHooks, openLoop } from './start/open-loop.ts';
import type { Plan } from './start/preflight.ts';
import { leaveClean, prepareBranch, tellOtherWorkspace } from './start/prepare-branch.ts';
import { rereadTask } from './start/reread.ts';
import { recordSteering, takeOverFiles } from './start/take-over.ts';
import { refuse } from './task/contract-check.ts';
import { workspaceTrouble } from './task/foretell.ts';

/**
 * The whole loop: PREFLIGHT (done: it made the plan) → RECOVER → SPRINT → JUDGE → REPORT → COMMIT → DECIDE →
 * next or stop. Returns the exit code.
 */
export async function runLoop(plan: Plan, given: LoopHooks): Promise<number> {
  const unlock = await takeLock(stateDir(plan.repo), given.lock);
  try {
    const released = await releaseGit(plan.repo);
    const { loop, before } = await openLoop(plan, given);
    if (released) loop.journal.notice(released);
    const unreached = unreachedIn(loop.sandbox);
    if (unreached !== null) loop.journal.notice(unreached, 'warn');
    for (const text of loop.connection.reached.notes) loop.journal.notice(text);
    if (loop.stopper.forgetOld(loop.config.since))
      loop.journal.notice('the file STOP is older than this loop; it is removed');
    loop.stopper.listen(
      (mode) => loop.journal.notice(STOPPING[mode]),
      () =>
        loop.journal.notice('the terminal is closed; the loop continues ("npm run status", "npm run stop")'),
    );
    try {
      await takeOverFiles(loop);
      await recordSteering(loop);
      // A sprint that was left open may be confirmed at once, and by a new key.
      if (loop.checkout.branch.resumed) await publishHash(loop);
      await commitLeft(loop);
      await settleLeft(loop);
      const open = await recover(loop, before);
      const stopping = loop.stopper.requested() !== null;
      if (!open && !stopping) await prepare(loop, plan);
      if (!stopping && loop.config.profile.staged && loop.journal.state().probedSpeed === null)
        await probe(loop);
      const stop = await sprints(loop, open);
      await leaveClean(loop, stop.reason);
      const exitCode = EXIT_CODES[stop.code];
      loop.journal.emit({ type: 'loop.stopped', ...stop, exitCode });
      return exitCode;
    } catch (error) {
      loop.journal.notice(`the loop failed: ${messageOf(error)}`, 'warn', 'fault');
      throw error;
    } finally {
      await loop.outputs.notifier?.settled();
      loop.stopper.release();
      await loop.connection.close();
      loop.journal.close();
    }
  } finally {
    unlock();
  }
}

/**
 * Prepares the run branch for the first sprint. @throws UserError where its workspace has no run that could
 * count.
 */
async function prepare(loop: Loop, { start }: Plan): Promise<void> {
  await prepareBranch(loop, start);
  await publishHash(loop);
  const { resumed } = loop.checkout.branch;
  if (!resumed && typeof start === 'string') return;
  if (resumed) await tellOtherWorkspace(loop);
  const { task, repo, profileName } = loop.config;
  refuse(task, await workspaceTrouble(task, repo, loop.sandbox, profileName));
}

/** The notices for a loop that is asked to stop. */
const STOPPING: Record<StopMode, string> = {
  'after-run': 'stopping after the run under way; Ctrl-C stops earlier and keeps what the run saved',
  keep: 'stopping after this turn; a run under way is saved, and the next start continues it ("npm run stop -- --after-run" lets it finish first); a second Ctrl-C stops at once',
  now: 'stopping at once; the next start continues the open sprint',
};

/** Measures the speed of this machine: a night in stages is planned from its first sprint on. */
async function probe(loop: Loop): Promise<void> {
  const left = nightSecondsLeft(loop);
  if (left <= 0) return;
  try {
    const speed = await loop.timer.time('training', () => probeSpeed(loop, left, loop.stopper.soft));
    if (speed) loop.journal.emit({ type: 'speed.measured', ...speed });
  } catch (error) {
    loop.journal.notice(messageOf(error), 'warn');
  }
}

/** Makes sprints until there is a reason to stop. */
async function sprints(loop: Loop, resumed: OpenSprint | null): Promise<StopRequest> {
  for (let open = resumed; ; open = null) {
    await whilePaused(loop);
    if (!open) {
      Object.assign(loop, await rereadTask(loop));
      await recordSteering(loop);
      loop.ledger.reread(claimedIds(loop.journal.state()));
      await rereadPapers(loop);
      const asked = loop.stopper.requested();
      if (asked) return asked;
      const no = mayOpenSprint(loop);
      if (no) {
        await useLastSlot(loop, no);
        await endNight(loop);
        return loop.stopper.requested() ?? no;
      }
    }
    const due = open ? null : lastSlot(loop);
    if (!open && !due?.due && lastForBest(loop)) {
      await endNight(loop);
      const asked = loop.stopper.requested();
      if (asked) return asked;
    }
    const sprint = open ?? (await openSprint(loop, due?.due ? due.candidate.id : null));
    const ending = await makeSprint(loop, sprint);
    if (staysOpen(loop, sprint)) return loop.stopper.requested() as StopRequest;
    const stop = decideNext(loop, sprint, ending);
    if (!stop) continue;
    await useLastSlot(loop, stop);
    await endNight(loop);
    return loop.stopper.requested() ?? stop;
  }
}

/** Reads the user's papers. What is new and cannot be read, or not all of it, is a line each. */
async function rereadPapers(loop: Loop): Promise<void> {
  const { config, sandbox, journal, stopper } = loop;
  const told = new Set(paperTroubles(loop.papers));
  const tell = (text: string) => journal.notice(text);
  loop.papers = await readPapers({ repo: config.repo, sandbox, signal: stopper.hard, tell });
  for (const text of paperTroubles(loop.papers)) if (!told.has(text)) journal.notice(text, 'warn');
}

/**
 * The last best of the night once more, beside the best before it, and in full on a secret world. Its report
 * is made again.
 */
async function endNight(loop: Loop): Promise<void> {
  const told = (what: string) => (error: unknown) => {
    loop.journal.notice(`the best was not measured ${what}: ${messageOf(error)}`, 'warn');
    return null;
  };
  const checked = await checkBest(loop).catch(told('again'));
  const whole = await measureInFull(loop).catch(told('in full on a secret world'));
  for (const sprint of checked?.id === whole?.id ? [whole] : [checked, whole])
    if (sprint) await reportSprint(loop, sprint);
}

/** Makes the full run that was earned where money, credit or patience end before the time does. */
async function useLastSlot(loop: Loop, { reason }: { reason: string }): Promise<void> {
  if (loop.stopper.requested()) return;
  const no = mayOpenSprint(loop);
  if (no && no.code !== 'money') return;
  const slot = lastSlot(loop);
  if (!slot) return;
  loop.journal.notice(
    `${reason}; before it ends, the loop makes the full run of ${slot.candidate.id}, which still fits`,
  );
  await makeSprint(loop, await openSprint(loop, slot.candidate.id));
}

/**
 * Whether the sprint stays open for the next start: everything is stopped at once, or a run was under way
 * when the loop was stopped.
 */
const staysOpen = (loop: Loop, sprint: OpenSprint): boolean => loop.stopper.hard.aborted || sprint.parked;

/** Makes a sprint from its opening to its commit, unless it stays open. */
async function makeSprint(loop: Loop, sprint: OpenSprint): Promise<Ending> {
  const ending = await attempt(loop, sprint);
  if (staysOpen(loop, sprint)) return ending;
  if (sprint.claim) await finishSprint(loop, sprint, ending);
  else await dropSprint(loop, sprint, ending);
  return ending;
}

/** The researcher's part, or the loop's own full run. An error in it fails this sprint, not the loop. */
async function attempt(loop: Loop, sprint: OpenSprint): Promise<Ending> {
  try {
    return sprint.fullRunOf === null ? await research(loop, sprint) : await fullRun(loop, sprint);
  } catch (error) {
    const reason = messageOf(error);
    loop.journal.notice(`the sprint failed: ${reason}`, 'warn');
    await sprint.runs?.stopAll('the sprint failed');
    return { kind: 'failed', reason: reason.replace(/\n.*/s, '') };
  }
}

/** JUDGE → close → REPORT → COMMIT. */
async function finishSprint(loop: Loop, sprint: OpenSprint, ending: Ending): Promise<void> {
  const { tree: treeNow, trouble } = await leftWorkspace(loop, sprint.treeBefore);
  if (trouble) loop.journal.notice(trouble, 'warn');
  const { training: trained, confirming } = loop.timer.seconds;
  const judged = await loop.timer.time('judging', () => judgeOrFail(sprint, ending, treeNow));
  // The paired screens of an infrastructure change train while judging is timed: their time is not judging.
  loop.timer.add('judging', trained - loop.timer.seconds.training);
  loop.timer.add('judging', confirming - loop.timer.seconds.confirming);
  // Stopped at once, or while it was being confirmed: the sprint stays open, and the next start judges it.
  sprint.parked = judged.parked ?? false;
  if (staysOpen(loop, sprint)) return;
  const state = loop.journal.sprint;
  if (!state) throw new Error('the event log does not have the open sprint');
  const { finish } = sprint;
  const done = sprint.fullRunOf === null ? 'the researcher finished it' : 'its full run has ended';
  const stopReason = ending.kind === 'finished' ? done : reasonOf(ending);
  const closed = await closeSprint(loop, { state, judged, finish, stopReason, treeNow });
  await reportSprint(loop, closed);
  await commitSprint(loop, closed);
}

/** Ends a conversation that never claimed a sprint: only the workspace is restored. */
async function dropSprint(loop: Loop, { number, treeBefore }: OpenSprint, ending: Ending): Promise<void> {
  const {
    config: { repo, task },
    journal,
  } = loop;
  await restoreWorkspace({ repo, folder: task.contract.workspace, tree: treeBefore });
  const reason = ending.kind === 'silent' ? 'no sprint was started' : reasonOf(ending);
  journal.emit({ type: 'sprint.dropped', number, ending: ending.kind, reason });
}
