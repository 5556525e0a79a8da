import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { type MeasuredProfile, measuredProfile } from '#contract/noise';
import { readTask, type Task } from '#contract/task';
import { tryBubblewrap } from '#host/bubblewrap';
import { sandboxAlone } from '#host/by-hand';
import { noSandbox, type Sandbox } from '#host/sandbox';
import { diskTrouble } from '../budget/disk.ts';
import { eventsPath, taskPath } from '../common/paths.ts';
import type { Limits, LoopOptions } from '../config/config.ts';
import { limitsOf } from '../config/limits.ts';
import { refuseAbsentSlurm } from '../executor/slurm/ask.ts';
import { dirtyFiles, openGit } from '../git/git.ts';
import { type BranchPlan, planRunBranch } from '../git/run-branch.ts';
import { readEvents } from '../journal/events.ts';
import { fold } from '../journal/fold.ts';
import { usedBefore } from '../journal/fold-calls.ts';
import { isUnfinished, nothingYet, type Used } from '../journal/state.ts';
import { leaderboardId } from '../ledger/ledger.ts';
import { parseTarget, type Target } from '../notify/send.ts';
import { type ClaudeOptions, connectClaude } from '../researcher/claude.ts';
import { hasCredentials } from '../researcher/connect/credentials.ts';
import type { Connection } from '../researcher/connection.ts';
import { contractTrouble, type Fields, judgeFields, refuse, worldTrouble } from '../task/contract-check.ts';
import { tryForcedBackend } from '../task/forced-backend.ts';
import { workspaceTrouble } from '../task/foretell.ts';
import { firstPlain, notReady, readyProfile } from '../task/profiles.ts';
import { refuseGitTrouble } from './git-trouble.ts';
import { type Start, startOf } from './origin.ts';
import { refuseSharedSecrets } from './shared-secrets.ts';

/** What a loop is going to do, all defaults filled in. Nothing has been written yet. */
export interface Plan {
  repo: string;
  task: Task;
  researcher: 'claude' | 'offline';
  model: string;
  /** How Claude is reached; null for the replay. */
  claude: Connection | null;
  profileName: string;
  profile: MeasuredProfile;
  /** Why this profile was chosen, where it was not asked for. */
  profileWhy: string | null;
  /** The numbers of a verdict that nobody observes; none where the judge does not tell. */
  declared: string[];
  leaderboard: string;
  sandbox: Sandbox;
  start: Start;
  fresh: boolean;
  seed: number;
  limits: Limits;
  /** The options that the limits come from, besides TASK.md. */
  asked: LoopOptions;
  since: Date;
  /** The run branch it would take. */
  branch: BranchPlan;
  /** What the loop that is taken up has used already; null for a new loop. */
  takenUp: Used | null;
  notify: Target | null;
}

/**
 * Checks everything that a night depends on, and writes nothing: task, key, price, profile, sandbox, git.
 * @throws UserError, one clear line, for a requirement that is not met.
 */
export async function preflight(options: LoopOptions): Promise<Plan> {
  const { repo } = options;
  const task = readTask(taskPath(repo));
  const { contract } = task;
  const researcher = options.researcher ?? (hasCredentials(process.env, options.via) ? 'claude' : 'offline');
  const since = new Date();
  const before = readEvents(eventsPath(repo)).reduce(fold, nothingYet);
  const takenUp = usedBefore(before);
  const limits = limitsOf(options, task, { since, takenUp });
  const asked = researcher === 'claude' ? claudeOptions(options, task, limits) : null;
  const claude = asked && (await connectClaude(asked));
  const chosen = await chooseProfile(task, repo, researcher, options.profile);
  const profile = measuredProfile(task, chosen.name);
  checkWorkspace(task, repo);
  const fields = await checkContract(task, repo, chosen.name, limits);
  if (options.start === 'baseline' && !contract.start) {
    throw new UserError(
      `${task.path}: has no start.baseline, so --start baseline is not possible; add start.baseline, or use --start best-known`,
    );
  }
  refuseSharedSecrets(task, repo);
  if (contract.executor.slurm !== undefined && takenUp === null) await refuseAbsentSlurm();
  const disk = diskTrouble(repo);
  if (disk) throw new UserError(disk);
  const git = await openGit(repo);
  await refuseGitTrouble(repo, { workspace: contract.workspace, profiles: Object.keys(contract.profiles) });
  const dirty = (await dirtyFiles(git, contract.workspace)).others;
  if (dirty.length > 0) {
    const names = dirty.slice(0, 5).join(', ') + (dirty.length > 5 ? ` and ${dirty.length - 5} more` : '');
    throw new UserError(
      `uncommitted changes outside of ${contract.workspace}/: ${names}; commit, stash or remove them, then start again`,
    );
  }
  const branch = await planRunBranch(git, repo, {
    date: since.toISOString().slice(0, 10),
    fresh: options.fresh,
    before: { branch: before.started?.branch, unfinished: isUnfinished(before) },
  });
  const start = await startOf(options, task, researcher, branch, takenUp !== null);
  const sandbox = await chooseSandbox(repo, researcher, options.sandbox);
  await tryForcedBackend(task, repo, sandbox);
  // A workspace that is not the one in the checkout is checked once the branch is open.
  if (!branch.resumed && takenUp === null && typeof start === 'string')
    refuse(task, await workspaceTrouble(task, repo, sandbox, chosen.name));
  return {
    repo,
    task,
    researcher,
    model: claude?.model ?? 'offline-replay',
    claude,
    profileName: chosen.name,
    profile,
    profileWhy: chosen.why,
    declared: fields?.declared ?? [],
    leaderboard: leaderboardId(task, chosen.name),
    sandbox,
    start,
    fresh: options.fresh,
    seed: options.seed,
    limits,
    branch,
    asked: options,
    since,
    takenUp,
    notify: options.notify === null ? null : parseTarget(options.notify),
  };
}

/**
 * Checks the contract before anything is spent: names that no verdict has, budgets and worlds that are
 * impossible. Returns the names of the numbers in the judge's verdicts, where it tells them.
 * @throws UserError, a line each, with the line of TASK.md; or for a target that the judge does not measure.
 */
export async function checkContract(
  task: Task,
  repo: string,
  profileName: string,
  { target }: Pick<Limits, 'target'>,
): Promise<Fields | null> {
  const fields = await judgeFields(task, repo, profileName);
  const world = await worldTrouble(task, repo, profileName);
  refuse(task, [...contractTrouble(task, profileName, fields), ...world]);
  if (target && fields && !fields.metrics.includes(target.metric))
    throw new UserError(
      `--target ${target.metric}: the judge's verdicts have no such number; they have: ${fields.metrics.join(', ')}`,
    );
  return fields;
}

/** @throws UserError where the folder that TASK.md names is not there. */
export function checkWorkspace({ contract, path }: Task, repo: string): void {
  if (!existsSync(join(repo, contract.workspace)))
    throw new UserError(`${path}: workspace: the folder ${contract.workspace}/ does not exist`);
}

/** How Claude is reached for a task: flags win over TASK.md. */
export function claudeOptions(
  asked: LoopOptions,
  { contract: { model } }: Task,
  limits: Limits,
): ClaudeOptions {
  const { name, fallback } = model;
  const { web, via } = asked;
  return { model: asked.model ?? name, fallback, web, via, limited: limits.usd !== null };
}

/**
 * The profile that was asked for. Without one: for Claude the first whose `requires` this machine meets, else
 * the first that requires nothing; for the replay the task's default. `why` is one line with the reason.
 * @throws UserError where this machine cannot run it, or none
 */
async function chooseProfile(
  task: Task,
  repo: string,
  researcher: 'claude' | 'offline',
  asked: string | null,
): Promise<{ name: string; why: string | null }> {
  if (asked !== null || researcher === 'offline')
    return { name: await readyProfile(task, repo, asked ?? undefined), why: null };
  const whyNot: string[] = [];
  for (const [name, { requires }] of Object.entries(task.contract.profiles)) {
    if (requires === undefined) continue;
    const missing = await notReady(task, repo, name);
    if (missing === null) return { name, why: `this machine can run ${name}` };
    whyNot.push(`${name}: ${missing}`);
  }
  const plain = firstPlain(task.contract);
  if (plain === undefined)
    throw new UserError(`no profile of ${task.path} can run here: ${whyNot.join('; ')}`);
  return { name: plain, why: whyNot.length > 0 ? whyNot.join('; ') : null };
}

/**
 * Bubblewrap, started once to see that it works. Claude does not start without it unless it is switched off;
 * the replay, which is our own code, does.
 */
async function chooseSandbox(
  repo: string,
  researcher: 'claude' | 'offline',
  asked: 'auto' | 'off',
): Promise<Sandbox> {
  if (researcher === 'offline') return sandboxAlone(repo, asked);
  if (asked === 'off') return noSandbox('--sandbox off');
  const tried = await tryBubblewrap(repo);
  if (tried.ok) return tried.sandbox;
  throw new UserError(
    `Claude is not started without a sandbox: ${tried.why}; ${tried.install}, or accept the risk with --sandbox off`,
  );
}
