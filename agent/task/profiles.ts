import { UserError } from '#contract/errors';
import { profileOf, type Task, taskVariable } from '#contract/task';
import { capture } from '#host/capture';
import { splitCommand } from '#host/command';
import { proxyEnv, serviceEnv } from '#host/env';

/** Why this machine cannot run a profile, in one line; null where it can. */
export async function notReady(task: Task, repo: string, profileName: string): Promise<string | null> {
  const { requires } = profileOf(task, profileName);
  if (!requires) return null;
  const { exit, stdout, complaint } = await capture({
    argv: splitCommand(requires),
    cwd: repo,
    // The command may download what is missing.
    env: serviceEnv({ ...proxyEnv(), ...taskVariable(task) }),
    timeoutSeconds: 600,
  });
  // The reason is taken from standard output: on standard error a driver may warn of other things.
  const said = stdout.trim().split('\n').at(-1);
  return exit.code === 0 ? null : said || (complaint ?? `"${requires}" failed`);
}

/**
 * The profile where none is named: the task's own choice, else the first that needs nothing special of the
 * machine.
 */
function defaultProfile({ contract }: Task): string {
  const [first = ''] = Object.keys(contract.profiles);
  // The contract has at least one profile.
  return contract.defaultProfile ?? firstPlain(contract) ?? first;
}

/** The first profile that requires nothing; undefined if there is none. */
export function firstPlain({ profiles }: Task['contract']): string | undefined {
  return Object.entries(profiles).find(([, { requires }]) => requires === undefined)?.[0];
}

/**
 * A profile by name, or the default. @throws UserError where there is none of that name, or the machine
 * cannot run it.
 */
export async function readyProfile(task: Task, repo: string, name: string | undefined): Promise<string> {
  const profileName = name ?? defaultProfile(task);
  const why = await notReady(task, repo, profileName);
  if (why !== null) throw new UserError(`profile "${profileName}" cannot run here: ${why}`);
  return profileName;
}
