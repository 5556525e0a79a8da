import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LoggedEvent } from '#contract/event';
import type { Note } from '#contract/note';
import { bubblewrap } from '#host/bubblewrap';
import { processStart } from '#host/processes';
import type { Sandbox } from '#host/sandbox';
import { worktreeOf } from '#host/worktree';
import { Stopper } from '../budget/stop.ts';
import { eventsPath, logsDir, sprintsDir } from '../common/paths.ts';
import { Timer } from '../common/timer.ts';
import type { Config } from '../config/config.ts';
import { loggedLimits } from '../config/limits.ts';
import { keyOf } from '../confirm/key.ts';
import { SecretStore } from '../confirm/store.ts';
import { DevicePool } from '../devices/pool.ts';
import { missingGpus, slotsHere } from '../devices/slots.ts';
import type { Executor } from '../executor/executor.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { bestKnown, openGit } from '../git/git.ts';
import { openWorktree } from '../git/open-worktree.ts';
import { type Checkout, planRunBranch } from '../git/run-branch.ts';
import { Trunk } from '../git/trunk.ts';
import { EventLog } from '../journal/events.ts';
import { fold } from '../journal/fold.ts';
import { Journal } from '../journal/journal.ts';
import type { Taking } from '../journal/lock.ts';
import { claimedIds, isUnfinished, type LoopState, nothingYet } from '../journal/state.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Notifier } from '../notify/notifier.ts';
import type { Paper } from '../papers/papers.ts';
import type { Connection } from '../researcher/connection.ts';
import { startOffline } from '../researcher/offline.ts';
import { LateReports } from '../screen/late-reports.ts';
import { Notebook, type NotebookRenderer } from '../screen/notebook.ts';
import type { Outputs } from '../screen/outputs.ts';
import { ignoredNew } from './ignored-new.ts';
import { linkIgnored } from './link-ignored.ts';
import type { Plan } from './preflight.ts';
import { laySteering } from './take-over.ts';

/** The parts of a loop. Each module takes only the parts that it uses. */
export interface Loop {
  /** Replaced at a sprint's start if TASK.md was edited; so is the connection. */
  config: Config;
  connection: Connection;
  /** The user's papers, read again at a sprint's start. */
  papers: readonly Paper[];
  readonly sandbox: Sandbox;
  readonly executor: Executor;
  readonly checkout: Checkout;
  /** The run branch, which all researchers commit to. */
  readonly trunk: Trunk;
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** Where runs train; shared by all researchers. */
  readonly devices: DevicePool;
  /** Where runs on secret worlds train: the same, unless only the others are jobs of a cluster. */
  readonly ownDevices: DevicePool;
  readonly timer: Timer;
  readonly outputs: Outputs;
  readonly stopper: Stopper;
  /** The secret worlds of the run branch, on which gains are confirmed; null where the task has none. */
  readonly secrets: SecretStore | null;
}

/** What the caller of a loop provides. */
export interface LoopHooks {
  /** Make the listeners to events: console, log, tests. Each is called once all parts exist. */
  listeners: readonly ((loop: Loop) => (event: LoggedEvent) => void)[];
  report?: Outputs['report'];
  notebook?: NotebookRenderer;
  /** How the lock of the checkout is taken. */
  lock?: Taking;
}

/**
 * Opens the loop in the checkout: event log, the run branch in its worktree, researcher. This is the first
 * step that writes.
 */
export async function openLoop(
  plan: Plan,
  { listeners, report = lateReport, notebook }: LoopHooks,
): Promise<{ loop: Loop; before: LoopState }> {
  const { repo: home } = plan;
  const { log, past, lastBranch, leftNotes } = openLog(home);
  const before = past.reduce(fold, nothingYet);
  const unfinished = isUnfinished(before);
  const users = await openGit(home);
  const branch = await planRunBranch(users, home, {
    date: new Date().toISOString().slice(0, 10),
    fresh: plan.fresh,
    before: { branch: lastBranch, unfinished },
  });
  const { git, aside } = await openWorktree(home, users, branch);
  const repo = worktreeOf(home);
  await laySteering(repo);
  await linkIgnored(repo, plan.task.contract.workspace);
  const ledger = new Ledger(sprintsDir(repo), claimedIds(before));
  const connection = plan.claude ?? (await startOffline(plan.task, repo));
  const { task, profileName, profile, leaderboard, seed, limits, asked, since, takenUp } = plan;
  const journal = new Journal(log, before);
  const devices = new DevicePool(slotsHere(task));
  const loop: Loop = {
    config: { repo, task, profileName, profile, leaderboard, seed, limits, asked, since, takenUp },
    connection,
    papers: [],
    sandbox: plan.sandbox.kind === 'bubblewrap' ? bubblewrap(repo) : plan.sandbox,
    executor: new TaskExecutor(),
    trunk: new Trunk(branch.name, { repo, git }),
    checkout: { git, branch, bestKnown: (await bestKnown(git, branch.name)) ?? '' },
    journal,
    ledger,
    devices,
    ownDevices: areJobs(task) ? devices : new DevicePool([{ device: null }]),
    timer: new Timer(),
    outputs: {
      report,
      notebook: new Notebook(() => loop, notebook),
      notifier: plan.notify && new Notifier(() => loop, plan.notify),
      late: new LateReports(),
    },
    stopper: new Stopper(repo),
    secrets: task.contract.drawWorld === undefined ? null : new SecretStore(keyOf(home, branch.name)),
  };
  journal.subscribe(loop.outputs.notebook.listen);
  if (loop.outputs.notifier) journal.subscribe(loop.outputs.notifier.listen);
  for (const listener of listeners) journal.subscribe(listener(loop));
  journal.emit({
    type: 'loop.started',
    branch: branch.name,
    profile: profileName,
    leaderboard,
    researcher: connection.label,
    sandbox: plan.sandbox.label,
    pid: process.pid,
    processStart: processStart(process.pid),
    resumed: unfinished,
    ...(asked.researchers > 1 && { researchers: asked.researchers }),
    limits: loggedLimits(limits),
    declared: plan.declared,
  });
  // A new log begins without the notes of a sprint whose folder was lost.
  for (const note of leftNotes) journal.emit({ type: 'note.taken', sprint: note.sprint, note });
  if (aside !== null)
    journal.notice(
      `the loop's worktree was broken and is made again; its files are kept in ${aside}`,
      'warn',
    );
  const ignored = ignoredNew({ fresh: plan.fresh, branch });
  if (ignored) journal.notice(ignored, 'warn');
  const missing = missingGpus(slotsHere(task));
  if (missing) journal.notice(missing, 'warn');
  loop.outputs.notebook.load();
  return { loop, before };
}

/** Whether runs on secret worlds train where all runs do. */
const areJobs = ({ contract: { executor } }: Plan['task']): boolean =>
  executor.slurm === undefined || executor.slurm.rowsFrom !== undefined;

/** The report renderer is loaded with the first report. */
const lateReport: Outputs['report'] = async (request) => {
  const { renderReport } = await import('../report/index.ts');
  return renderReport(request);
};

/** Opens the event log. The log of a loop that has ended is put aside first, so that a replay stays short. */
function openLog(repo: string): {
  log: EventLog;
  past: LoggedEvent[];
  lastBranch?: string;
  /** Notes of the loop before that no record has. */
  leftNotes: readonly Note[];
} {
  const path = eventsPath(repo);
  const opened = EventLog.open(path);
  const state = opened.past.reduce(fold, nothingYet);
  const lastBranch = state.started?.branch;
  const [first] = opened.past;
  if (!first || isUnfinished(state)) return { ...opened, lastBranch, leftNotes: [] };
  opened.log.close();
  const old = join(logsDir(repo), `events-${first.at.replaceAll(':', '-')}.jsonl`);
  mkdirSync(dirname(old), { recursive: true });
  renameSync(path, old);
  return { ...EventLog.open(path), lastBranch, leftNotes: state.notes };
}
