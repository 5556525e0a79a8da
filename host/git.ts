import { execa } from 'execa';
import { UserError } from '#contract/errors';
import { cleanEnv } from './env.ts';

/** Nothing that a workspace or its owner configured may run while we look at it, and bytes stay as they are. */
const quiet = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.autocrlf=false',
  'core.safecrlf=false',
];

/**
 * Git's plumbing in a folder: its standard output, trimmed at the end. Hooks and fsmonitor are off; `env` may name
 * an index or a working tree of its own.
 * @throws UserError with git's last line where it fails.
 */
export async function git(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const result = await execa('git', [...quiet.flatMap((setting) => ['-c', setting]), ...args], {
    cwd,
    env: cleanEnv({ GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', ...env }),
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  });
  if (result.failed) {
    const line = result.stderr?.trim().split('\n').at(-1) || result.shortMessage;
    throw new UserError(`git ${args[0]} in ${cwd}: ${line}`);
  }
  return result.stdout;
}
