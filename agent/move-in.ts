import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LoggedEvent } from '#contract/event';
import { processStart } from '#host/processes';
import { EventLog } from './events.ts';
import { LocalExecutor } from './executor/local.ts';
import { bestKnown, openGit, takeRunBranch } from './git.ts';
import { eventsPath, type House, stateDir } from './house.ts';
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
}

/** Takes the checkout over: event log, run branch, researcher. From here on things are written. */
export async function moveIn(
  plan: Plan,
  { listeners, report = lateReport, notebook, confirm }: Fittings,
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
