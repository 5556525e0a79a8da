import { setTimeout as sleep } from 'node:timers/promises';
import { lastSlot } from './budget/last-slot.ts';
import { mayOpenSprint, type NoSprint } from './budget/may-open-sprint.ts';
import { whilePaused } from './budget/pause.ts';
import { checkIsDue } from './budget/plan.ts';
import type { StopRequest } from './budget/stop.ts';
import { messageOf } from './common/words.ts';
import { lastForBest, measureInFull } from './confirm/in-full.ts';
import { claimedIds } from './journal/state.ts';
import { leftOut } from './ledger/left-out.ts';
import { isOwn, type OpenSprint, openSprint } from './open-sprint/open-sprint.ts';
import { restoreWorkspace } from './open-sprint/workspace.ts';
import { paperTroubles, readPapers } from './papers/papers.ts';
import type { Ending } from './researcher/conversation.ts';
import { checkBest } from './sprint/checked-best.ts';
import { closeSprint, leftWorkspace } from './sprint/close.ts';
import { combine } from './sprint/combine.ts';
import { commitSprint } from './sprint/commit.ts';
import { fullRun } from './sprint/full-run.ts';
import { judgeOrFail } from './sprint/judge.ts';
import { decideNext, reasonOf } from './sprint/next.ts';
import { nextHanded, nextPair } from './sprint/next-pair.ts';
import { reportSprint } from './sprint/report.ts';
import { research } from './sprint/research.ts';
import { layWorkspace } from './start/open-lane.ts';
import type { Loop } from './start/open-loop.ts';
import { rereadTask } from './start/reread.ts';
import { recordSteering } from './start/take-over.ts';

/** What the researchers of a loop agree on. */
export interface Agreed {
  /** Why no further sprint is opened: the open ones are made to their end. */
  stop: StopRequest | null;
}

/** How often a researcher that may not open a sprint looks whether those of the others have ended. */
const LOOK_MS = 200;

/**
 * The sprints of one researcher, one after the other, until there is a reason to stop. `resumed`: its sprint
 * that a crash left open. `more`: whether it opens sprints of its own after that.
 */
export async function makeSprints(
  loop: Loop,
  agreed: Agreed,
  resumed: OpenSprint | null,
  more = true,
): Promise<void> {
  for (let open = resumed; ; open = null) {
    await whilePaused(loop);
    const sprint = open ?? (more && agreed.stop === null ? await nextSprint(loop, agreed) : null);
    if (!sprint) return;
    const ending = await makeSprint(loop, sprint);
    agreed.stop ??= staysOpen(loop, sprint) ? loop.stopper.requested() : decideNext(loop, sprint, ending);
  }
}

/** Opens the next sprint; null where none may be opened, and the others are told why. */
async function nextSprint(loop: Loop, agreed: Agreed): Promise<OpenSprint | null> {
  for (let measured = false; ; ) {
    const next = await loop.trunk.alone(() => tryNext(loop, measured));
    if (next === 'measure') {
      await loop.trunk.inTurn(() => loop.trunk.alone(() => measureLast(loop)));
      measured = true;
      continue;
    }
    if (!('code' in next)) return next;
    // Where only the sprints of others are too many, one of them may still be dropped.
    const others = Object.keys(loop.journal.state().sprints).length > 0;
    if (!others || next.code !== 'sprints') {
      agreed.stop ??= next;
      return null;
    }
    await sleep(LOOK_MS);
    if (agreed.stop !== null) return null;
  }
}

/** Another researcher may have done so while this one waited. */
async function measureLast(loop: Loop): Promise<void> {
  if (lastForBest(loop)) await endNight(loop);
}

/**
 * Reads anew what may have been edited, and opens a sprint on the branch as it is now. `measure`: before one
 * is opened the best is to be measured again, which waits for the verdicts under way. `measured`: that was
 * tried.
 */
async function tryNext(loop: Loop, measured: boolean): Promise<OpenSprint | StopRequest | 'measure'> {
  const { trunk, checkout, journal, stopper } = loop;
  await layBranch(loop);
  Object.assign(loop, await rereadTask(loop));
  await recordSteering(loop);
  await trunk.land(checkout.git);
  loop.ledger.reread(claimedIds(journal.state()));
  await rereadPapers(loop);
  const asked = stopper.requested();
  if (asked) return asked;
  const no: NoSprint | null = mayOpenSprint(loop) ?? checkIsDue(loop);
  if (no) return no;
  const due = lastSlot(loop);
  const wanted = due?.due && !isMadeByOthers(loop, due.candidate.id) ? due.candidate.id : null;
  if (!due?.due && !measured && lastForBest(loop)) return 'measure';
  if (wanted !== null) return openSprint(loop, { fullRunOf: wanted });
  const combines = await nextPair(loop);
  if (combines) return openSprint(loop, { combines });
  return openSprint(loop, {}, nextHanded(loop)?.id);
}

/** Where several researchers commit, the next sprint begins with the branch as it is by now. */
async function layBranch(loop: Loop): Promise<void> {
  const { trunk, checkout, config } = loop;
  if (!trunk.several) return;
  await trunk.lay({ repo: config.repo, git: checkout.git }, config.task.contract.workspace);
  await layWorkspace(loop);
}

const isMadeByOthers = ({ journal }: Loop, run: string): boolean =>
  Object.values(journal.state().sprints).some(({ fullRunOf }) => fullRunOf === run);

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
export async function endNight(loop: Loop): Promise<void> {
  await loop.outputs.late.made();
  const told = (what: string) => (error: unknown) => {
    loop.journal.notice(`the best was not measured ${what}: ${messageOf(error)}`, 'warn');
    return null;
  };
  const checked = await checkBest(loop).catch(told('again'));
  await loop.trunk.land(loop.checkout.git);
  const whole = await measureInFull(loop).catch(told(`in full on a ${loop.config.task.contract.secret.one}`));
  await loop.trunk.land(loop.checkout.git);
  for (const sprint of checked?.id === whole?.id ? [whole] : [checked, whole])
    if (sprint) await reportSprint(loop, sprint);
}

/** Makes the full run that was earned where money, credit or patience end before the time does. */
export async function useLastSlot(loop: Loop, { reason }: { reason: string }): Promise<void> {
  if (loop.stopper.requested()) return;
  const no = mayOpenSprint(loop);
  if (no && no.code !== 'money') return;
  const slot = lastSlot(loop);
  if (!slot) return;
  loop.journal.notice(
    `${reason}; before it ends, the loop makes the full run of ${slot.candidate.id}, which still fits`,
  );
  await layBranch(loop);
  await makeSprint(loop, await openSprint(loop, { fullRunOf: slot.candidate.id }));
}

/**
 * Puts gains together that were made side by side and are not combined where the sprints of the researchers
 * end: that needs no call. What there is no room for is told, and made by the next start.
 */
export async function combineLeft(loop: Loop): Promise<void> {
  const { journal, stopper, ledger, config } = loop;
  let last: string | null = null;
  while (!stopper.requested()) {
    const no = mayOpenSprint(loop);
    if (no && no.code !== 'money') break;
    await layBranch(loop);
    const pair = await nextPair(loop);
    if (!pair || pair.left === last) break;
    last = pair.left;
    const sprint = await openSprint(loop, { combines: pair });
    await makeSprint(loop, sprint);
  }
  const board = ledger.of(config.leaderboard);
  for (const { left } of leftOut(board, config)) {
    const number = board.find(({ id }) => id === left)?.number;
    journal.notice(
      `the gain of sprint ${number} is not combined with the best yet: the next start does that`,
    );
  }
}

/**
 * Whether the sprint stays open for the next start: everything is stopped at once, or a run was under way
 * when the loop was stopped.
 */
const staysOpen = (loop: Loop, sprint: OpenSprint): boolean => loop.stopper.hard.aborted || sprint.parked;

/** Makes a sprint from its opening to its commit, unless it stays open. */
async function makeSprint(loop: Loop, sprint: OpenSprint): Promise<Ending> {
  try {
    const ending = await attempt(loop, sprint);
    if (staysOpen(loop, sprint)) return ending;
    if (sprint.claim) await loop.trunk.inTurn(() => finishSprint(loop, sprint, ending));
    else await loop.trunk.alone(() => dropSprint(loop, sprint, ending));
    return ending;
  } finally {
    sprint.runs?.endAhead();
  }
}

/** The researcher's part, or the loop's own full run. An error in it fails this sprint, not the loop. */
async function attempt(loop: Loop, sprint: OpenSprint): Promise<Ending> {
  try {
    const { fullRunOf, combines } = sprint.own;
    if (fullRunOf !== null) return await fullRun(loop, sprint);
    return combines ? await combine(loop, sprint, combines) : await research(loop, sprint);
  } catch (error) {
    const reason = messageOf(error);
    loop.journal.notice(`the sprint failed: ${reason}`, 'warn');
    await sprint.runs?.stopAll('the sprint failed');
    return { kind: 'failed', reason: reason.replace(/\n.*/s, '') };
  }
}

/** JUDGE → close → COMMIT; REPORT beside what comes next, which needs none. */
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
  const { fullRunOf } = sprint.own;
  const own = fullRunOf === null ? 'the loop itself finished it' : 'its full run has ended';
  const done = isOwn(sprint.own) ? own : 'the researcher finished it';
  const stopReason = ending.kind === 'finished' ? done : reasonOf(ending);
  await loop.trunk.alone(async () => {
    const closed = await closeSprint(loop, { state, judged, finish, stopReason, treeNow });
    loop.outputs.late.add(() => reportSprint(loop, closed, { live: true }));
    await commitSprint(loop, closed);
  });
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
