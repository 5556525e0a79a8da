import { measuredProfile } from '#contract/noise';
import { readTask, type Task } from '#contract/task';
import type { Sandbox } from '#host/sandbox';
import { messageOf } from '../common/words.ts';
import type { Config, Limits } from '../config/config.ts';
import { limitsOf } from '../config/limits.ts';
import type { DevicePool } from '../devices/pool.ts';
import { missingGpus, slotsHere } from '../devices/slots.ts';
import { checkoutFile } from '../git/git.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { leaderboardId } from '../ledger/ledger.ts';
import { connectClaude } from '../researcher/claude.ts';
import type { Connection } from '../researcher/connection.ts';
import { refuse } from '../task/contract-check.ts';
import { workspaceTrouble } from '../task/foretell.ts';
import { readyProfile } from '../task/profiles.ts';
import { checkContract, checkWorkspace, claudeOptions } from './preflight.ts';
import { refuseSharedSecrets } from './shared-secrets.ts';
import { laySteering } from './take-over.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  checkout: Checkout;
  connection: Connection;
  sandbox: Sandbox;
  journal: Journal;
  devices: DevicePool;
}

/**
 * The configuration for the next sprint: TASK.md may be edited while the loop runs. If preflight would refuse
 * the edited task, the reason is logged and the loop keeps the old task.
 */
export async function rereadTask(loop: LoopParts): Promise<Pick<LoopParts, 'config' | 'connection'>> {
  const { config, journal } = loop;
  const { repo, profileName, asked } = config;
  try {
    const task = readTask(config.task.path);
    await laySteering(repo);
    const profile = measuredProfile(task, profileName);
    checkWorkspace(task, repo);
    refuseSharedSecrets(task, repo);
    const limits = limitsOf(asked, task, config);
    const connection = await connectionFor(loop, task, limits);
    const leaderboard = leaderboardId(task, profileName);
    if (leaderboard !== config.leaderboard) {
      await readyProfile(task, repo, profileName);
      await checkContract(task, repo, profileName, limits);
      refuse(task, await workspaceTrouble(task, repo, loop.sandbox, profileName));
      journal.notice(`TASK.md has new rules: leaderboard ${leaderboard} from this sprint on`);
    }
    if (connection.label !== loop.connection.label)
      journal.notice(`the researcher is ${connection.label} from this sprint on`);
    if (loop.devices.become(slotsHere(task))) {
      journal.notice(`TASK.md has other devices: ${runsAtATime(loop.devices.size)} from now on`);
      const missing = missingGpus(slotsHere(task));
      if (missing) journal.notice(missing, 'warn');
    }
    return { config: { ...config, task, profile, leaderboard, limits }, connection };
  } catch (error) {
    journal.notice(`TASK.md was edited; the edit is not used: ${messageOf(error)}`, 'warn');
    await checkoutFile(loop.checkout.git, 'TASK.md').catch(() => '');
    return { config, connection: loop.connection };
  }
}

/** Keeps the connection, which has learned what the account can do, unless the model was changed. */
async function connectionFor(
  { connection, config: { asked, task: before } }: LoopParts,
  task: Task,
  limits: Limits,
): Promise<Connection> {
  const now = claudeOptions(asked, task, limits);
  const then = claudeOptions(asked, before, limits);
  const same = now.model === then.model && now.fallback === then.fallback;
  return connection.kind === 'offline' || same ? connection : connectClaude(now);
}

const runsAtATime = (size: number): string => (size === 1 ? 'one run at a time' : `${size} runs at a time`);
