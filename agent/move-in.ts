import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LoggedEvent } from '#contract/event';
import { processStart } from '#host/processes';
import { EventLog } from './events.ts';
import { LocalExecutor } from './executor/local.ts';
import { bestKnown, openGit, takeRunBranch } from './git.ts';
import { eventsPath, type House, stateDir } from './house.ts';
import type { Taking } from './lock.ts';
import { loggedLimits } from './night/limits.ts';
import { Stopper } from './night/stop.ts';
import { Notebook, type NotebookRenderer } from './notebook.ts';
import { Notifier } from './notify/notifier.ts';
import type { Plan } from './preflight.ts';
import { startOffline } from './researcher/offline.ts';
import { Split } from './split.ts';
import { fold, isUnfinished, type LoopState, nothingYet } from './state.ts';

/** What a loop is given from outside. */
export interface Fittings {
  /** Who listens to the loop: console, log, tests. Each is called once the house stands. */
  listeners: readonly ((house: House) => (event: LoggedEvent) => void)[];
  report?: House['report'];
  notebook?: NotebookRenderer;
  confirm?: House['confirm'];
  /** How the lock of the checkout is taken. */
  lock?: Taking;
}

/** Takes the checkout over: event log, run branch, researcher. From here on things are written. */
export async function moveIn(
  plan: Plan,
  { listeners, report = lateReport, notebook, confirm }: Fittings,
): Promise<{ house: House; before: LoopState }> {
  const { repo } = plan;
  const { log: events, past, lastBranch } = openLog(repo);
  let state: LoopState = past.reduce(fold, nothingYet);
  const before = state;
  const unfinished = isUnfinished(before);
  const git = await openGit(repo);
  const date = new Date().toISOString().slice(0, 10);
  const fresh = plan.fresh && !unfinished;
  const branch = await takeRunBranch(git, {
    date,
    fresh,
    preferred: unfinished ? lastBranch : await lastFromHere(git, lastBranch),
  });
  const connection = plan.claude ?? (await startOffline(plan.task, repo));
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
    confirm,
    notebook: new Notebook(() => house, notebook),
    notifier: plan.notify && new Notifier(() => house, plan.notify),
  };
  events.subscribe((event) => {
    state = fold(state, event);
  });
  events.subscribe(house.notebook.listen);
  if (house.notifier) events.subscribe(house.notifier.listen);
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
    limits: loggedLimits(plan.limits),
  });
  house.notebook.load();
  return { house, before };
}

/** The branch of a loop that has ended, of whatever day, where the user stands on the branch that it began from. */
async function lastFromHere(git: House['git'], last: string | undefined): Promise<string | undefined> {
  if (last === undefined) return undefined;
  const said = async (...args: string[]) => (await git.raw(args).catch(() => '')).trim();
  const from = await said('config', '--get', `branch.${last}.loop-from`);
  const elsewhere = await said('for-each-ref', '--format=%(worktreepath)', `refs/heads/${last}`);
  return from === (await said('branch', '--show-current')) && elsewhere === '' ? last : undefined;
}

/** What renders reports is loaded with the first of them. */
const lateReport: House['report'] = async (request) => {
  const { renderReport } = await import('./report/index.ts');
  return renderReport(request);
};

/** The log of a loop that came to its end is put aside, so that a replay stays short. */
function openLog(repo: string): { log: EventLog; past: LoggedEvent[]; lastBranch?: string } {
  const path = eventsPath(repo);
  const opened = EventLog.open(path);
  const state = opened.past.reduce(fold, nothingYet);
  const lastBranch = state.started?.branch;
  if (opened.past.length === 0 || isUnfinished(state)) return { ...opened, lastBranch };
  opened.log.close();
  const old = join(stateDir(repo), 'logs', `events-${opened.past[0].at.replaceAll(':', '-')}.jsonl`);
  mkdirSync(dirname(old), { recursive: true });
  renameSync(path, old);
  return { ...EventLog.open(path), lastBranch };
}
