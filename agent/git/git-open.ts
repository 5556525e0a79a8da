import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SimpleGit, simpleGit } from 'simple-git';
import { UserError } from '#contract/errors';
import { isProgram, joinCommand } from '#host/command';
import { complaintOf, gitEnv, git as gitOf, STEADY, withoutDrivers } from '#host/git';
import { messageOf } from '../common/words.ts';

const OWN_IDENTITY = ['user.name=Research loop', 'user.email=loop@localhost'];
/** The notice that is shown once where this identity is used. */
export const OWN_IDENTITY_NOTE =
  'git has no user.name and user.email: the loop commits as Research loop <loop@localhost>';

/** The oldest version of git with `--pathspec-from-file`; `git switch` is older. */
const OLDEST = [2, 25] as const;

/**
 * Opens git on a repository for the supervisor. Hooks, the file-system monitor, filters and signing are off
 * (nobody is there to type a passphrase). It commits as the user or, where no identity is set, as "Research
 * loop <loop@localhost>".
 * @throws UserError where git is missing or too old, or the folder is not the root of a usable repository.
 */
export async function openGit(repo: string): Promise<SimpleGit> {
  await checkVersion(repo);
  const git = await makeGit(repo, [], identityOf(process.env));
  // One process asks for both; which of them fails is asked only where one does.
  const both = await git.revparse(['--show-toplevel', 'HEAD']).catch(() => null);
  const top = both === null ? await topOf(git, repo) : both.slice(0, both.lastIndexOf('\n'));
  if (realpathSync(top) !== realpathSync(repo)) throw new UserError(`${repo}: ${NOT_THE_ROOT}`);
  if (both === null) {
    const branch = (await git.raw(['branch', '--show-current'])).trim();
    throw new UserError(
      `${repo}: the branch ${branch} has no commit yet; make a commit, then start the loop`,
    );
  }
  return (await hasIdentity(git)) ? git : makeGit(repo, OWN_IDENTITY, {});
}

const topOf = (git: SimpleGit, repo: string): Promise<string> =>
  git.revparse(['--show-toplevel']).catch((error: unknown) => {
    throw new UserError(`${repo}: ${whyNoRepository(repo, complaintOf(messageOf(error)))}`);
  });

/** Whether the loop commits under an identity of its own. */
export const isOwnIdentity = async (git: SimpleGit): Promise<boolean> =>
  (await git.raw(['var', 'GIT_AUTHOR_IDENT'])).startsWith('Research loop <loop@localhost>');

/** Settings that simple-git refuses unless they are allowed by name. */
const SETTINGS = [
  ...[
    'Alias',
    'AskPass',
    'ConfigEnvCount',
    'ConfigPaths',
    'CredentialHelper',
    'DiffExternal',
    'DiffTextConv',
  ],
  ...[
    'Editor',
    'Filter',
    'FsMonitor',
    'GitProxy',
    'GpgProgram',
    'HooksPath',
    'Include',
    'MergeDriver',
    'Pager',
  ],
  ...['ProtocolOverride', 'SshCommand', 'TemplateDir', 'UrlRewrite'],
];

async function makeGit(
  repo: string,
  more: readonly string[],
  env: Record<string, string>,
): Promise<SimpleGit> {
  const environment = { ...gitEnv(), ...env };
  return simpleGit({
    baseDir: repo,
    // git runs in a process session of its own, so that Ctrl-C or a closed terminal reaches only the loop
    // and does not cut a commit off.
    binary: isProgram('setsid') ? ['setsid', 'git'] : 'git',
    // Keeps git from making up an identity from the account and host names.
    config: [...STEADY, 'user.useConfigOnly=true', ...(await withoutDrivers(repo)), ...more],
    // Allows the whole environment, which gitEnv has made.
    allowEnvironment: Object.keys(environment),
    // Settings that could run a program are emptied above; the rest are the user's own, from the
    // environment.
    unsafe: Object.fromEntries(SETTINGS.map((name) => [`allowUnsafe${name}`, true])),
  }).env(environment);
}

/**
 * GIT_AUTHOR_NAME and similar variables, as containers set them. Empty ones are left out, since git would
 * then refuse every commit.
 */
function identityOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'EMAIL'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name] as string]] : [])));
}

async function hasIdentity(git: SimpleGit): Promise<boolean> {
  const known = ['GIT_AUTHOR_IDENT', 'GIT_COMMITTER_IDENT'].map((name) => succeeds(git.raw(['var', name])));
  return (await Promise.all(known)).every(Boolean);
}

/** Values of PATH whose git is new enough. */
const newEnough = new Set<string | undefined>();

async function checkVersion(repo: string): Promise<void> {
  const { PATH } = process.env;
  if (newEnough.has(PATH)) return;
  if (!isProgram('git')) throw new UserError('git is not installed; install it: sudo apt install git');
  const [, major, minor] = /(\d+)\.(\d+)/.exec(await gitOf(repo, ['version'])) ?? [];
  const [oldest, least] = OLDEST;
  if (Number(major) > oldest || (Number(major) === oldest && Number(minor) >= least)) {
    newEnough.add(PATH);
    return;
  }
  throw new UserError(
    `git ${OLDEST.join('.')} or newer is needed, and ${major}.${minor} is installed; install a newer one`,
  );
}

const NOT_THE_ROOT =
  'not the root of a git repository; start the loop in the root, or run "git init" and commit first';

function whyNoRepository(repo: string, complaint: string): string {
  if (/dubious ownership|is owned by someone else/.test(complaint))
    return `belongs to another user, and git refuses to work there; run: ${joinCommand(['git', 'config', '--global', '--add', 'safe.directory', realpathSync(repo)])}`;
  return /not a git repository/.test(complaint) ? NOT_THE_ROOT : complaint;
}

/** How long to wait for a lock that another git process holds: an editor, a prompt, a commit by hand. */
const PATIENCE_MS = 60_000;

/**
 * Repeats a git operation while another git process holds a lock.
 * @throws UserError that names the lock where it is not released in time.
 */
export async function patiently<T>(run: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  for (const since = Date.now(); ; ) {
    try {
      return await run();
    } catch (error) {
      const lock = lockIn(messageOf(error));
      if (lock === undefined) throw error;
      if (Date.now() - since > patienceMs) {
        throw new UserError(
          `git is locked by ${lock}: another git runs here, or one crashed; if none runs, remove the file, then start again`,
        );
      }
      await sleep(250);
    }
  }
}

/** The lock that git found taken. For its configuration git names only the file, so `.lock` is appended. */
function lockIn(message: string): string | undefined {
  const config = /could not lock config file (.+): File exists/.exec(message)?.[1];
  return config ? `${config}.lock` : /'([^']+\.lock)': File exists/.exec(message)?.[1];
}

export async function configured(git: SimpleGit, key: string): Promise<string | null> {
  const value = await git.raw(['config', '--get', key]).catch(() => '');
  return value.trim() === '' ? null : value.trim();
}

async function succeeds(promise: Promise<string>): Promise<boolean> {
  return promise.then((out) => out.trim() !== '').catch(() => false);
}
