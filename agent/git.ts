import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SimpleGit, simpleGit } from 'simple-git';
import { UserError } from '#contract/errors';
import { isProgram } from '#host/command';
import { withoutDrivers } from '#host/git';
import { messageOf } from './words.ts';

const OWN_IDENTITY = ['user.name=Research loop', 'user.email=loop@localhost'];

/** Dirty files that neither a start nor a commit minds: steering, what is derived, and what recovery looks after. */
const FREE = [/^TASK\.md$/, /^HINTS\.md$/, /^STOP$/, /^reports\//, /^sprints\//];

/**
 * The supervisor's git on one repository: hooks, file-system monitor, filters and signing off (nobody is there to type a passphrase),
 * committing as the user or, where no identity is set, as "Research loop <loop@localhost>".
 */
export async function openGit(repo: string): Promise<SimpleGit> {
  const quiet = [
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'commit.gpgsign=false',
    'tag.gpgsign=false',
  ];
  const drivers = await withoutDrivers(repo);
  const make = (more: string[]) =>
    simpleGit({
      baseDir: repo,
      // In a session of its own: Ctrl-C and a terminal that is closed are for us alone, a commit is not cut off by them.
      binary: isProgram('setsid') ? ['setsid', 'git'] : 'git',
      config: [...quiet, ...drivers, ...more],
      // All of these are set to nothing.
      unsafe: {
        allowUnsafeHooksPath: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeFilter: true,
        allowUnsafeDiffExternal: true,
        allowUnsafeDiffTextConv: true,
        allowUnsafeMergeDriver: true,
      },
    }).env(gitEnvironment());
  const git = make([]);
  const top = await git.revparse(['--show-toplevel']).catch(() => null);
  if (top === null || realpathSync(top) !== realpathSync(repo)) {
    throw new UserError(`${repo}: not the root of a git repository; run "git init" and commit first`);
  }
  if (!(await succeeds(git.raw(['rev-parse', '--verify', '--quiet', 'HEAD'])))) {
    throw new UserError(`${repo}: has no commit yet; commit once, then start the loop`);
  }
  const identity = await Promise.all(['user.name', 'user.email'].map((key) => configured(git, key)));
  return identity.every((value) => value !== null) ? git : make(OWN_IDENTITY);
}

/** Nothing of the caller's environment steers git but what it needs to find its configuration. */
function gitEnvironment(): Record<string, string> {
  const keep = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TMPDIR', 'XDG_CONFIG_HOME'];
  return Object.fromEntries(keep.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

const STATUS = ['status', '--porcelain=v1', '-z', '--no-renames'];

/** Uncommitted files, those of the workspace apart from others that must not be there when a loop starts. */
export async function dirtyFiles(
  git: SimpleGit,
  workspace: string,
): Promise<{ workspace: string[]; others: string[] }> {
  const entries =
    // Git would run in a nested repository too, by the configuration that lies there.
    (await git.raw([...STATUS, '--untracked-files=all', '--ignore-submodules=all'])).split('\0');
  const files = entries.filter((entry) => entry.length > 3).map((entry) => entry.slice(3));
  const inside = (file: string) => file === workspace || file.startsWith(`${workspace}/`);
  return {
    workspace: files.filter(inside),
    others: files.filter((file) => !inside(file) && !FREE.some((pattern) => pattern.test(file))),
  };
}

export interface RunBranch {
  name: string;
  /** False where the branch was made now. */
  resumed: boolean;
  /** How the user gets back to where they were: "git switch main". */
  wayBack: string;
}

/**
 * Moves the checkout to the branch of this run: the one that stands, `preferred`, or `run/<date>`, made from HEAD where there is
 * none; `fresh` makes another (`-2`, `-3`, ...). The user's branch stays as it is and is remembered for the way back.
 * @throws UserError when git cannot switch because of uncommitted changes.
 */
export async function takeRunBranch(
  git: SimpleGit,
  { date, fresh = false, preferred }: { date: string; fresh?: boolean; preferred?: string },
): Promise<RunBranch> {
  const current = (await git.raw(['branch', '--show-current'])).trim();
  const existing = new Set(
    (await git.raw(['for-each-ref', '--format=%(refname:short)', 'refs/heads/run/'])).split('\n'),
  );
  const standing = current.startsWith('run/') ? current : undefined;
  if (!fresh) {
    const name = [preferred, standing, `run/${date}`].find((n) => n !== undefined && existing.has(n));
    if (name !== undefined) {
      if (name !== current) await switchTo(git, [name]);
      return { name, resumed: true, wayBack: await wayBack(git, name) };
    }
  }
  let name = `run/${date}`;
  for (let n = 2; existing.has(name); n++) name = `run/${date}-${n}`;
  const from = standing ? ((await configured(git, `branch.${standing}.loop-from`)) ?? standing) : current;
  const back = from === '' ? `--detach ${(await git.revparse(['--short', 'HEAD'])).trim()}` : from;
  // A fresh branch begins where the standing one began, not at the end of it: without its sprints, with its files.
  const origin = standing ? back.replace(/^--detach /, '') : '';
  const known =
    origin !== '' && (await git.raw(['rev-parse', '--verify', '--quiet', origin]).catch(() => '')) !== '';
  await switchTo(git, known ? ['-c', name, origin] : ['-c', name]);
  await git.raw(['config', '--local', `branch.${name}.loop-from`, back]);
  return { name, resumed: false, wayBack: await wayBack(git, name) };
}

const wayBack = async (git: SimpleGit, name: string) =>
  `git switch ${(await configured(git, `branch.${name}.loop-from`)) ?? '-'}`;

async function switchTo(git: SimpleGit, args: string[]): Promise<void> {
  await git.raw(['switch', '--quiet', ...args]).catch((error: Error) => {
    throw new UserError(
      `git switch ${args.join(' ')} was refused: ${error.message.trim().split('\n')[0]}; commit or undo your changes first`,
    );
  });
}

/** Commits everything under these paths, and nothing else, whatever else is staged. Gives the commit's hash. */
export async function commitPaths(
  git: SimpleGit,
  paths: readonly string[],
  subject: string,
  body = '',
  trailers: Record<string, string> = {},
): Promise<string> {
  const lines = Object.entries(trailers).map(([key, value]) => `${key}: ${oneLine(value)}`);
  const message = [oneLine(subject), body.trim(), lines.join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
  const known = await Promise.all(paths.map((path) => hasFiles(git, path)));
  const there = paths.filter((_, i) => known[i]);
  await patiently(() => git.raw(['add', '--all', '--', ...there]));
  const args = [
    'commit',
    '--quiet',
    '--no-verify',
    '--allow-empty',
    '--only',
    '--message',
    message,
    '--',
    ...there,
  ];
  await patiently(() => git.raw(args));
  return (await git.revparse(['HEAD'])).trim();
}

/** Someone else's git may hold the index for a moment: an editor, a prompt. */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!messageOf(error).includes('index.lock')) throw error;
      if (attempt === 20) {
        throw new UserError(
          'git is locked (.git/index.lock): another git runs here, or one crashed; remove the file if none runs',
        );
      }
      await sleep(250);
    }
  }
}

/** Whether git has, or could take, any file of a path: it refuses a path of which it knows nothing. */
const hasFiles = (git: SimpleGit, path: string) =>
  succeeds(git.raw(['ls-files', '--cached', '--others', '--exclude-standard', '--', path]));

/** The commit that brought a file, or changed it last; null where none has it. */
export async function commitOf(git: SimpleGit, file: string): Promise<string | null> {
  return (await git.raw(['log', '-1', '--format=%H', '--', file])).trim() || null;
}

/** Moves the lightweight tag `best/<profile>` to a commit. */
export async function tagBest(git: SimpleGit, profile: string, commit: string): Promise<void> {
  await git.raw(['tag', '--force', `best/${profile}`, commit]);
}

const bestKnownRef = (branch: string) => `refs/loop/best-known/${branch.replace(/^run\//, '')}`;

/** Remembers the commit whose workspace a run branch was given before anything was taken out of it. */
export async function rememberBestKnown(git: SimpleGit, branch: string): Promise<void> {
  await git.raw(['update-ref', bestKnownRef(branch), 'HEAD']);
}

/** That commit; null where the branch has none yet. */
export async function bestKnown(git: SimpleGit, branch: string): Promise<string | null> {
  const commit = await git.raw(['rev-parse', '--verify', '--quiet', bestKnownRef(branch)]).catch(() => '');
  return commit.trim() || null;
}

/** Whether a run branch has got its start: the workspace as it stood, and the baseline where that was asked for. */
export async function isSettled(git: SimpleGit, branch: string): Promise<boolean> {
  return (await configured(git, `branch.${branch}.loop-settled`)) === 'true';
}

export async function markSettled(git: SimpleGit, branch: string): Promise<void> {
  await git.raw(['config', '--local', `branch.${branch}.loop-settled`, 'true']);
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

async function configured(git: SimpleGit, key: string): Promise<string | null> {
  const value = await git.raw(['config', '--get', key]).catch(() => '');
  return value.trim() === '' ? null : value.trim();
}

async function succeeds(promise: Promise<string>): Promise<boolean> {
  return promise.then((out) => out.trim() !== '').catch(() => false);
}
