import { UserError } from '#contract/errors';
import { cleanEnv } from './env.ts';

/**
 * Settings that keep the configuration of a workspace or its owner from running programs while we read it,
 * and from changing what we read and write.
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
 * Settings that store and check out bytes unchanged, and all files, even where the user's checkout is sparse.
 */
export const AS_THEY_ARE = [
  'core.sparseCheckout=false',
  'core.autocrlf=false',
  'core.safecrlf=false',
  'core.eol=lf',
  'core.attributesFile=/dev/null',
];

/**
 * The environment of git. It has what leads to the user's configuration and what the environment itself holds
 * of it (`safe.directory` of a container). It has nothing that names a repository or an index: a hook that
 * starts us sets those variables for its own repository.
 */
export function gitEnv(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) =>
    /^(XDG_CONFIG_HOME|GIT_CONFIG(_\w+)?)$/.test(name),
  );
  return cleanEnv({
    ...Object.fromEntries(own),
    // An obsolete variable that names the file of `git config`; it has no use here.
    GIT_CONFIG: undefined,
    // The messages of git are parsed, so they must not be translated.
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
 * Settings that disable the programs that the user's configuration names for filters and diffs (git-lfs,
 * textconv): an untrusted `.gitattributes` could run them on files of its choice, and change what is stored.
 */
export function withoutDrivers(cwd: string): Promise<string[]> {
  const known = drivers.get(cwd) ?? findDrivers(cwd);
  drivers.set(cwd, known);
  return known;
}
const drivers = new Map<string, Promise<string[]>>();

async function findDrivers(cwd: string): Promise<string[]> {
  const keys = '^(filter|diff|merge)\\..+\\.(clean|smudge|process|required|textconv|command|driver)$';
  // Exit code 1 means that there is no such key.
  const { stdout = '' } = await plainGit(cwd, ['config', '--null', '--name-only', '--get-regexp', keys], {});
  const names = stdout.split('\0').filter((name) => name !== '');
  return names.map((name) => (name.endsWith('.required') ? `${name}=false` : `${name}=`));
}

async function plainGit(cwd: string, args: readonly string[], env: Record<string, string>, input?: string) {
  // Loading execa takes a quarter of a second, and most judges and encoders never call git.
  const { execa } = await import('execa');
  return execa('git', args, {
    cwd,
    env: { ...gitEnv(), ...env },
    extendEnv: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    reject: false,
    // Ctrl-C and the end of a terminal must not reach git: it finishes what it has begun.
    detached: true,
  });
}

/**
 * Runs git's plumbing in a folder and gives its standard output, trimmed at the end. Hooks, fsmonitor and
 * drivers are off; `env` may name another index or working tree, `input` is git's standard input.
 * @throws GitError with git's message where it fails.
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

/** A failed command of git, with its exit code: null where git was killed or did not start. */
export class GitError extends UserError {
  constructor(
    message: string,
    readonly gitExit: number | null,
  ) {
    super(message);
  }
}

/**
 * The line of git's standard error that says what is wrong. Hints may stand before and after it; warnings (of
 * an unreadable home) are skipped.
 */
export function complaintOf(stderr: string): string {
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('warning: '));
  return lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? '';
}

/** The names in an output of git with -z, each once. */
export const names = (output: string): string[] => [
  ...new Set(output.split('\0').filter((name) => name !== '')),
];

/**
 * The option of `git ls-files` that applies only the repository's own `.gitignore` files: the user's ignore
 * files serve other purposes.
 */
export const OWN_IGNORES = '--exclude-per-directory=.gitignore';
