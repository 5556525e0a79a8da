import { profileOf, readTask, type Task } from '#contract/task';
import { refuse } from './contract-check.ts';
import { workspaceTrouble } from './foretell.ts';
import type { House, Limits } from './house.ts';
import { leaderboardId } from './ledger.ts';
import { limitsOf } from './night/limits.ts';
import { checkContract, checkWorkspace, claudeOptions } from './preflight.ts';
import { readyProfile } from './profiles.ts';
import { connectClaude } from './researcher/claude.ts';
import type { Connection } from './researcher/connection.ts';
import { messageOf } from './words.ts';

/**
 * TASK.md may be edited while the loop runs: it takes effect at the next sprint. What preflight would refuse is told, and waits; the loop
 * goes on with the task as it was.
 */
export async function rereadTask(house: House): Promise<void> {
  const { repo, profileName, asked, events } = house;
  const notice = (text: string, level: 'info' | 'warn' = 'info') =>
    events.emit({ type: 'loop.notice', level, text });
  try {
    const task = readTask(house.task.path);
    const profile = profileOf(task, profileName);
    checkWorkspace(task, repo);
    const limits = limitsOf(asked, task, house);
    const connection = await connectionFor(house, task, limits);
    const leaderboard = leaderboardId(task, profileName);
    if (leaderboard !== house.leaderboard) {
      await readyProfile(task, repo, profileName);
      await checkContract(task, repo, profileName, limits);
      refuse(task, await workspaceTrouble(task, repo, house.sandbox, profileName));
      notice(`TASK.md has new rules: from now on leaderboard ${leaderboard}`);
    }
    if (connection.label !== house.connection.label)
      notice(`from now on the researcher is ${connection.label}`);
    Object.assign(house, { task, profile, leaderboard, limits, connection });
  } catch (error) {
    notice(`TASK.md was edited and is not used: ${messageOf(error)}`, 'warn');
  }
}

/** The same connection, which knows by now what the account can do, unless the model was changed. */
async function connectionFor(
  { connection, asked, task: before }: House,
  task: Task,
  limits: Limits,
): Promise<Connection> {
  const now = claudeOptions(asked, task, limits);
  const then = claudeOptions(asked, before, limits);
  const same = now.model === then.model && now.fallback === then.fallback;
  return connection.kind === 'offline' || same ? connection : connectClaude(now);
}
