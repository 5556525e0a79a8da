import { execa } from 'execa';
import { UserError } from '#contract/errors';
import { cleanEnv } from './env.ts';

/**
 * Nothing that a workspace or its owner configured may run while we look at it, or change what we read and
 * write.
 */
export const STEADY = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.ignoreStat=false',
  'core.quotePath=false',
  'color.ui=false',
  'log.showSignature=false',
  'diff.suppressBlankEmpty=false',
  'commit.gpgsign=false',
  'tag.gpgsign=false',
  'i18n.commitEncoding=UTF-8',
  'i18n.logOutputEncoding=UTF-8',
];

/**
 * Bytes are recorded, and laid out again, as they are; and all files, where the user's checkout has only
 * some.
 */
export const AS_THEY_ARE = [
  'core.sparseCheckout=false',
  'core.autocrlf=false',
  'core.safecrlf=false',
  'core.eol=lf',
  'core.attributesFile=/dev/null',
];

/**
 * The environment of git: where the user's configuration is and what of it the environment itself holds
 * (`safe.directory` of a container), and nothing that says which repository or index is meant: a hook that
 * starts us sets those for its own.
 */
export function gitEnv(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) =>
    /^(XDG_CONFIG_HOME|GIT_CONFIG(_\w+)?)$/.test(name),
  );
  return cleanEnv({
    ...Object.fromEntries(own),
    // Once the file of `git config`, and long without a meaning for us.
    GIT_CONFIG: undefined,
    // Its complaints are read.
    LC_ALL: 'C',
    LANGUAGE: undefined,
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ATTR_NOSYSTEM: '1',
    // A folder may be named `sae[1]`.
    GIT_LITERAL_PATHSPECS: '1',
  });
}

/**
 * Settings that take away the programs that the user's configuration names for filters and diffs (git-lfs,
 * textconv): an untrusted `.gitattributes` could have them run on files of its choice, and change what is
 * stored.
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

const plainGit = (cwd: string, args: readonly string[], env: Record<string, string>, input?: string) =>
  execa('git', args, {
    cwd,
    env: { ...gitEnv(), ...env },
    extendEnv: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    reject: false,
    // Ctrl-C and a terminal that is closed are for us alone: git finishes what it has begun.
    detached: true,
  });

/**
 * Git's plumbing in a folder: its standard output, trimmed at the end. Hooks, fsmonitor and drivers are off;
 * `env` may name an index or a working tree of its own, `input` is what git reads.
 * @throws GitError with git's complaint where it fails.
 */
export async function git(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
): Promise<string> {
  const settings = [...STEADY, ...AS_THEY_ARE, ...(await withoutDrivers(cwd))];
  const words = [...settings.flatMap((setting) => ['-c', setting]), ...args];
  const result = await plainGit(cwd, words, env, input);
  if (result.failed) {
    const complaint = complaintOf(result.stderr ?? '') || result.shortMessage;
    throw new GitError(`git ${args[0]} in ${cwd}: ${complaint}`, result.exitCode ?? null);
  }
  return result.stdout;
}

/** A command of git that failed, and its exit code; null where it was killed or did not start. */
export class GitError extends UserError {
  constructor(
    message: string,
    readonly gitExit: number | null,
  ) {
    super(message);
  }
}

/**
 * The line of git's standard error that says what is wrong: hints may stand before and after; warnings (of a
 * home that is closed) say nothing.
 */
export function complaintOf(stderr: string): string {
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('warning: '));
  return lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? '';
}

/** Names that git gave with -z. */
export const names = (output: string): string[] => [
  ...new Set(output.split('\0').filter((name) => name !== '')),
];

/**
 * Files that git does not know are listed by the repository's own `.gitignore` alone: the user's ignore files
 * are for other things.
 */
export const OWN_IGNORES = '--exclude-per-directory=.gitignore';
