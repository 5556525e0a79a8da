import { FIRST_RESEARCHER } from '#contract/run';
import { EXIT_CODES } from '#contract/stop';
import { unreachedIn } from '#host/by-hand';
import type { StopMode, StopRequest } from './budget/stop.ts';
import { nightSecondsLeft } from './budget/time-left.ts';
import { stateDir } from './common/paths.ts';
import { messageOf } from './common/words.ts';
import { commitLeft } from './confirm/in-full.ts';
import { publishHash } from './confirm/published.ts';
import { inSlot } from './devices/in-slot.ts';
import { takeLock } from './journal/lock.ts';
import { type Agreed, combineLeft, endNight, makeSprints, useLastSlot } from './lane.ts';
import type { OpenSprint } from './open-sprint/open-sprint.ts';
import { releaseGit } from './recover/git-locks.ts';
import { endLeft, recover, reportLeft } from './recover/recover.ts';
import { probeSpeed } from './runs/probe.ts';
import { settleLeft } from './sprint/checked-best.ts';
import { catchUp, openLane } from './start/open-lane.ts';
import { type Loop, type LoopHooks, openLoop } from './start/open-loop.ts';
import type { Plan } from './start/preflight.ts';
import { leaveClean, prepareBranch, tellOtherWorkspace } from './start/prepare-branch.ts';
import { recordSteering, takeOverFiles } from './start/take-over.ts';
import { judgeFields, refuse } from './task/contract-check.ts';
import { workspaceTrouble } from './task/foretell.ts';

/**
 * The whole loop: PREFLIGHT (done: it made the plan) → RECOVER → SPRINT → JUDGE → COMMIT (REPORT beside it) →
 * DECIDE → next or stop (lane.ts has the sprints of one researcher). Returns the exit code.
 */
export async function runLoop(plan: Plan, given: LoopHooks): Promise<number> {
  const unlock = await takeLock(stateDir(plan.repo), given.lock);
  const over = new AbortController();
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
      const left = await takeUp(loop, before);
      const stopping = loop.stopper.requested() !== null;
      if (!left.some(({ open }) => open) && !stopping) await prepare(loop, plan);
      await loop.trunk.land(loop.checkout.git);
      if (!stopping && loop.config.profile.staged && loop.journal.state().probedSpeed === null)
        await probe(loop);
      // Beside the probe it would take cores from what is measured there.
      if (loop.stopper.requested() === null) startOnce(loop, over.signal);
      const stop = await sprints(loop, left, plan.asked.researchers);
      await leaveClean(loop, stop.reason);
      const exitCode = EXIT_CODES[stop.code];
      loop.journal.emit({ type: 'loop.stopped', ...stop, exitCode });
      return exitCode;
    } catch (error) {
      loop.journal.notice(`the loop failed: ${messageOf(error)}`, 'warn', 'fault');
      throw error;
    } finally {
      // An error ends the loop here: that of a report was thrown before, or is not the first one.
      await loop.outputs.late.made().catch(() => {});
      await loop.outputs.notifier?.settled();
      loop.stopper.release();
      await loop.connection.close();
      loop.journal.close();
    }
  } finally {
    over.abort();
    unlock();
  }
}

type Opened = Awaited<ReturnType<typeof openLoop>>;

/** A researcher, and its sprint that a crash left open and that can be resumed. */
interface Left {
  lane: Loop;
  open: OpenSprint | null;
}

/** Brings the run branch up to date, and completes or reopens what a loop before this one left. */
async function takeUp(loop: Loop, before: Opened['before']): Promise<Left[]> {
  await catchUp(loop, before.started);
  const lanes = [loop];
  for (const id of Object.keys(loop.journal.state().sprints))
    if (id !== FIRST_RESEARCHER) lanes.push(await openLane(loop, id));
  await takeOverFiles(loop);
  await recordSteering(loop);
  // A sprint that was left open may be confirmed at once, and by a new key.
  if (loop.checkout.branch.resumed) await publishHash(loop);
  await commitLeft(loop);
  await settleLeft(loop);
  await loop.trunk.land(loop.checkout.git);
  await endLeft(loop, before);
  await reportLeft(loop);
  const left: Left[] = [];
  // A sprint that has its verdict is committed before any other gets one.
  const inOrder = [...lanes].sort(
    (a, b) => Number(!a.journal.sprint?.closed) - Number(!b.journal.sprint?.closed),
  );
  for (const lane of inOrder) left.push({ lane, open: await recover(lane, before) });
  return left;
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

/**
 * Starts the judge beside the first words of the researcher: the first start of a program in a worktree
 * builds it, and that is not to be waited for at the end of a run. It ends with the loop.
 */
function startOnce({ config: { task, repo, profileName } }: Loop, over: AbortSignal): void {
  judgeFields(task, repo, profileName, over).catch(() => {});
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
    const { devices, journal, timer, stopper } = loop;
    const place = { devices, by: journal.researcherId };
    const speed = await inSlot(place, stopper.soft, (slot) =>
      timer.time('training', () => probeSpeed(loop, left, stopper.soft, slot)),
    );
    if (speed) loop.journal.emit({ type: 'speed.measured', ...speed });
  } catch (error) {
    loop.journal.notice(messageOf(error), 'warn');
  }
}

/** Makes the sprints of all researchers, side by side, until there is a reason to stop. */
async function sprints(loop: Loop, left: Left[], researchers: number): Promise<StopRequest> {
  const lanes = [...left];
  for (let n = 2; n <= researchers; n++) {
    const id = `researcher-${n}`;
    if (!lanes.some(({ lane }) => lane.journal.researcherId === id))
      lanes.push({ lane: await openLane(loop, id), open: null });
  }
  const agreed: Agreed = { stop: null };
  const wanted = (lane: Loop) => Number(lane.journal.researcherId.split('-')[1]) <= researchers;
  const made = lanes.map(async ({ lane, open }) => {
    try {
      await makeSprints(lane, agreed, open, wanted(lane));
    } catch (error) {
      // The others cannot go on with a loop that failed: the next start continues their sprints.
      if (lanes.length > 1) loop.stopper.now();
      throw error;
    }
  });
  const failed = (await Promise.allSettled(made)).find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  const stop = agreed.stop ?? { code: 'nothing-left', reason: 'no researcher is left' };
  if (!loop.stopper.requested()) {
    await useLastSlot(loop, stop);
    await combineLeft(loop);
    await endNight(loop);
  }
  await loop.outputs.late.made();
  return loop.stopper.requested() ?? stop;
}
