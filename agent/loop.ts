import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LoggedEvent } from '#contract/event';
import type { Sprint } from '#contract/sprint';
import { profileOf, readTask } from '#contract/task';
import { processStart } from '#host/processes';
import { diskTrouble } from './disk.ts';
import { EventLog } from './events.ts';
import { LocalExecutor } from './executor/local.ts';
import {
  bestKnown,
  commitPaths,
  dirtyFiles,
  isSettled,
  markSettled,
  openGit,
  rememberBestKnown,
  takeRunBranch,
} from './git.ts';
import { eventsPath, type House, reportsDir, sprintsDir, stateDir } from './house.ts';
import { bestOf, leaderboardId, readSprints } from './ledger.ts';
import { takeLock } from './lock.ts';
import { Notebook } from './notebook.ts';
import type { Plan } from './preflight.ts';
import { sprintsWithoutGain } from './prompt.ts';
import { isUnfinished, recover } from './recover.ts';
import { connectClaude } from './researcher/claude.ts';
import type { Ending } from './researcher/converse.ts';
import { startOffline } from './researcher/offline.ts';
import { Split } from './split.ts';
import { closeSprint, leftWorkspace } from './sprint/close.ts';
import { commitSprint } from './sprint/commit.ts';
import { type Judged, judgeSprint, NOT_JUDGED } from './sprint/judge.ts';
import { type OpenSprint, openSprint } from './sprint/open.ts';
import { reportSprint } from './sprint/report.ts';
import { research } from './sprint/research.ts';
import { restoreWorkspace } from './sprint/workspace.ts';
import { fold, type LoopState, nothingYet } from './state.ts';
import { EXIT, Stopper, type StopRequest } from './stop.ts';
import { count, messageOf, show } from './words.ts';

/** What a loop is given from outside. */
export interface Fittings {
  /** Who listens to the loop: console, log, tests. Each is called once the house stands. */
  listeners: readonly ((house: House) => (event: LoggedEvent) => void)[];
  report?: House['report'];
}

const SAME_FAILURES = 3;

/**
 * The whole loop: PREFLIGHT (done: it made the plan) → RECOVER → SPRINT → JUDGE → REPORT → COMMIT → DECIDE → next or stop.
 * Gives the exit code (see EXIT).
 */
export async function runLoop(plan: Plan, fittings: Fittings): Promise<number> {
  const unlock = takeLock(stateDir(plan.repo));
  try {
    const { house, before } = await moveIn(plan, fittings);
    house.stopper.listen(() =>
      notice(house, 'stopping: the turn is finished, reported and committed; once more stops at once'),
    );
    try {
      const open = isUnfinished(before) ? await recover(house, before) : null;
      if (!open) await settle(house, plan);
      const stop = await sprints(house, open);
      await leaveClean(house);
      house.events.emit({ type: 'loop.stopped', ...stop });
      return stop.exitCode;
    } finally {
      house.stopper.release();
      await house.connection.close();
      house.events.close();
    }
  } finally {
    unlock();
  }
}

/** The notebook shows what runs; when nothing runs any more, it is as it was committed, so that git switches back without a word. */
async function leaveClean({ git, notebook, repo }: House): Promise<void> {
  await notebook.draw(false).catch(() => {});
  const page = join(reportsDir(repo), 'index.html');
  if (existsSync(page)) await git.raw(['checkout', '--quiet', 'HEAD', '--', page]).catch(() => {});
}

/** Sprint after sprint, until there is a reason to stop. */
async function sprints(house: House, resumed: OpenSprint | null): Promise<StopRequest> {
  const failures: string[] = [];
  for (let open = resumed; ; open = null) {
    if (!open) {
      const stop = house.stopper.requested() ?? atLimit(house);
      if (stop) return stop;
      rereadTask(house);
    }
    const sprint = open ?? (await openSprint(house));
    const ending = await attempt(house, sprint);
    if (house.stopper.hard.aborted) return house.stopper.requested() as StopRequest;
    if (sprint.claim) await finishSprint(house, sprint, ending);
    else await dropSprint(house, sprint, ending);
    const reason = decideNext(house, sprint, ending, failures);
    if (reason) return reason;
  }
}

/** The researcher's part. Whatever goes wrong in it is this sprint's failure, not the loop's end. */
async function attempt(house: House, sprint: OpenSprint): Promise<Ending> {
  try {
    return await research(house, sprint);
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
  const judged = await house.split.time('judging', () => judge(sprint, ending, treeNow));
  // The paired screens of an infrastructure change train inside of judging.
  house.split.add('judging', trained - house.split.seconds.training);
  const state = house.state().sprint;
  if (!state) throw new Error('the event log lost the open sprint');
  const { finish } = sprint;
  const stopReason = ending.kind === 'finished' ? 'finish_sprint' : reasonOf(ending);
  const closed = await closeSprint(house, { state, judged, finish, stopReason, treeNow });
  await reportSprint(house, closed);
  await commitSprint(house, closed);
}

/** JUDGE. A fault of judging is this sprint's failure; the loop goes on. */
async function judge(sprint: OpenSprint, ending: Ending, treeNow: string): Promise<Judged> {
  try {
    return await judgeSprint(sprint, ending, treeNow);
  } catch (error) {
    const reason = `could not be judged: ${messageOf(error).split('\n')[0]}`;
    return { ...NOT_JUDGED, outcome: 'failed', reason };
  }
}

/** A conversation that never claimed a sprint leaves nothing but the workspace as it was. */
async function dropSprint(house: House, { number, treeBefore }: OpenSprint, ending: Ending): Promise<void> {
  const { repo, task, events } = house;
  await restoreWorkspace({ repo, folder: task.contract.workspace, tree: treeBefore });
  events.emit({ type: 'sprint.dropped', number, reason: reasonOf(ending) });
}

/** DECIDE: why the loop stops after this sprint, or null to go on. */
function decideNext(
  house: House,
  sprint: OpenSprint,
  ending: Ending,
  failures: string[],
): StopRequest | null {
  if (ending.kind === 'fatal') return { reason: ending.reason, exitCode: EXIT.fatal };
  if (ending.kind === 'limit' && ending.of === 'loop') return { reason: ending.reason, exitCode: EXIT.done };
  const nothingClaimed = ending.kind === 'silent' && !sprint.claim;
  if (nothingClaimed && house.connection.kind === 'offline') {
    return { reason: 'nothing is left to be tried', exitCode: EXIT.done };
  }
  const mine = readSprints(sprintsDir(house.repo)).filter((s) => s.leaderboard === house.leaderboard);
  const target = targetReached(house, bestOf(mine, house.leaderboard));
  if (target) return { reason: target, exitCode: EXIT.done };
  const failure = sprint.claim
    ? failureOf(mine.at(-1))
    : nothingClaimed
      ? 'no sprint was started'
      : reasonOf(ending);
  if (failure === null) failures.length = 0;
  else failures.push(failure);
  if (failures.length >= SAME_FAILURES && new Set(failures.slice(-SAME_FAILURES)).size === 1) {
    return { reason: `${SAME_FAILURES} times in a row: ${failure}`, exitCode: EXIT.failing };
  }
  const { stop } = house.task.contract.limits.stagnation;
  const ofThisLoop = house.state().committed.map((c) => c.sprint);
  const without = sprintsWithoutGain(mine, ofThisLoop);
  if (without >= stop)
    return { reason: `${without} sprints without a verified gain`, exitCode: EXIT.stagnant };
  return null;
}

function targetReached({ limits, task }: House, best: Sprint | undefined): string | null {
  const { target } = limits;
  const value = target === null ? undefined : best?.verdict?.metrics[target.metric];
  if (target === null || value === undefined) return null;
  const falling = target.metric === task.contract.metric && task.contract.goal === 'min';
  const reached = falling ? value <= target.value : value >= target.value;
  return reached ? `the target is reached: ${target.metric} ${show(value)}, verified` : null;
}

const failureOf = (sprint: Sprint | undefined) => (sprint?.outcome === 'failed' ? sprint.reason : null);

function atLimit({ repo, limits, state }: House): StopRequest | null {
  const disk = diskTrouble(repo);
  if (disk) return { reason: disk, exitCode: EXIT.disk };
  const done = state().committed.length;
  if (limits.sprints !== null && done >= limits.sprints)
    return { reason: `${count(done, 'sprint')}, as asked`, exitCode: EXIT.done };
  if (Date.now() >= limits.until.getTime()) return { reason: 'the time is up', exitCode: EXIT.done };
  return null;
}

const reasonOf = (ending: Ending): string => ('reason' in ending ? ending.reason : ending.kind);

function notice(house: House, text: string, level: 'info' | 'warn' = 'info'): void {
  house.events.emit({ type: 'loop.notice', level, text });
}

/** Takes the checkout over: event log, run branch, researcher. From here on things are written. */
async function moveIn(
  plan: Plan,
  { listeners, report = lateReport }: Fittings,
): Promise<{ house: House; before: LoopState }> {
  const { repo } = plan;
  const { log: events, past } = openLog(repo);
  let state: LoopState = past.reduce(fold, nothingYet);
  const before = state;
  const unfinished = isUnfinished(before);
  const git = await openGit(repo);
  const date = new Date().toISOString().slice(0, 10);
  const fresh = plan.fresh && !unfinished;
  const branch = await takeRunBranch(git, {
    date,
    fresh,
    preferred: unfinished ? state.started?.branch : undefined,
  });
  const connection =
    plan.researcher === 'claude'
      ? connectClaude(plan.model, plan.limits.usd !== null)
      : await startOffline(plan.task, repo);
  const house: House = {
    ...plan,
    connection,
    executor: new LocalExecutor(),
    git,
    branch,
    bestKnown: (await bestKnown(git, branch.name)) ?? '',
    events,
    state: () => state,
    split: new Split(),
    stopper: new Stopper(repo),
    report,
    notebook: new Notebook(() => house),
  };
  events.subscribe((event) => {
    state = fold(state, event);
  });
  events.subscribe(house.notebook.listen);
  for (const listener of listeners) events.subscribe(listener(house));
  events.emit({
    type: 'loop.started',
    branch: branch.name,
    profile: plan.profileName,
    leaderboard: plan.leaderboard,
    researcher: connection.label,
    sandbox: plan.sandbox.label,
    pid: process.pid,
    processStart: processStart(process.pid),
    resumed: unfinished,
  });
  return { house, before };
}

/** What renders reports is loaded with the first of them. */
const lateReport: House['report'] = async (request) => {
  const { renderReport } = await import('./report/index.ts');
  return renderReport(request);
};

/** The log of a loop that came to its end is put aside, so that a replay stays short. */
function openLog(repo: string): { log: EventLog; past: LoggedEvent[] } {
  const path = eventsPath(repo);
  const opened = EventLog.open(path);
  if (opened.past.length === 0 || isUnfinished(opened.past.reduce(fold, nothingYet))) return opened;
  opened.log.close();
  const old = join(stateDir(repo), 'logs', `events-${opened.past[0].at.replaceAll(':', '-')}.jsonl`);
  mkdirSync(dirname(old), { recursive: true });
  renameSync(path, old);
  return EventLog.open(path);
}

/**
 * Gives a run branch its start: what stands in the workspace is committed and remembered as the best known, then `--start baseline`
 * takes out what is to be found. A crash between two of these steps is made good at the next start.
 */
async function settle(house: House, plan: Plan): Promise<void> {
  const { git, branch, split } = house;
  await split.time('git', async () => {
    const settled = await isSettled(git, branch.name);
    if (settled || house.bestKnown === '') {
      await commitWorkspace(house);
      if (!settled) await rememberBestKnown(git, branch.name);
    }
    if (!settled && plan.start === 'baseline') await takeOutBaseline(house);
    if (!settled) await markSettled(git, branch.name);
    house.bestKnown = (await bestKnown(git, branch.name)) ?? (await git.revparse(['HEAD'])).trim();
  });
}

async function commitWorkspace({ git, task }: House): Promise<void> {
  const { workspace } = task.contract;
  if ((await dirtyFiles(git, workspace)).workspace.length === 0) return;
  await commitPaths(git, [workspace], `Start from ${workspace}/ as it stands`);
}

async function takeOutBaseline({ repo, git, task }: House): Promise<void> {
  const { workspace, start } = task.contract;
  const paths = start?.baseline.remove ?? [];
  for (const path of paths) rmSync(join(repo, path), { recursive: true, force: true });
  if ((await dirtyFiles(git, workspace)).workspace.length === 0) return;
  const body = `Taken out, so that there is a path to walk:\n${paths.map((path) => `- ${path}`).join('\n')}`;
  await commitPaths(git, [workspace], 'Begin with the published baselines only', body);
}

/** TASK.md may be edited while the loop runs: it takes effect at the next sprint. A broken edit is told and waits. */
function rereadTask(house: House): void {
  try {
    const task = readTask(house.task.path);
    const profile = profileOf(task, house.profileName);
    const leaderboard = leaderboardId(task, house.profileName);
    if (leaderboard !== house.leaderboard)
      notice(house, `TASK.md has new rules: from now on leaderboard ${leaderboard}`);
    Object.assign(house, { task, profile, leaderboard });
  } catch (error) {
    notice(house, `TASK.md was edited and is not used: ${(error as Error).message}`, 'warn');
  }
}
