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
 * Settings that take away the programs that the user's configuration names for filters and diffs (git-lfs, textconv): an
 * untrusted `.gitattributes` could have them run on files of its choice, and change what is stored.
 */
export function withoutDrivers(cwd: string): Promise<string[]> {
  const known = drivers.get(cwd) ?? findDrivers(cwd);
  drivers.set(cwd, known);
  return known;
}
const drivers = new Map<string, Promise<string[]>>();

async function findDrivers(cwd: string): Promise<string[]> {
  const keys = '^(filter|diff|merge)\\..+\\.(clean|smudge|process|required|textconv|command|driver)$';
  // No such key is exit code 1.
  const { stdout = '' } = await plainGit(cwd, ['config', '--null', '--name-only', '--get-regexp', keys], {});
  const names = stdout.split('\0').filter((name) => name !== '');
  return names.map((name) => (name.endsWith('.required') ? `${name}=false` : `${name}=`));
}

const plainGit = (cwd: string, args: readonly string[], env: Record<string, string>) =>
  execa('git', args, {
    cwd,
    env: cleanEnv({
      // Where the user's configuration may be, with its drivers.
      XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME,
      // Its complaints are read.
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      ...env,
    }),
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    // Ctrl-C and a terminal that is closed are for us alone: git finishes what it has begun.
    detached: true,
  });

/**
 * Git's plumbing in a folder: its standard output, trimmed at the end. Hooks, fsmonitor and drivers are off; `env` may name
 * an index or a working tree of its own.
 * @throws UserError with git's complaint where it fails.
 */
export async function git(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const settings = [...quiet, ...(await withoutDrivers(cwd))];
  const result = await plainGit(cwd, [...settings.flatMap((setting) => ['-c', setting]), ...args], env);
  if (result.failed) {
    const lines = (result.stderr ?? '').trim().split('\n');
    const complaint = lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1);
    throw new UserError(`git ${args[0]} in ${cwd}: ${complaint || result.shortMessage}`);
  }
  return result.stdout;
}
