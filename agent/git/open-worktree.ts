import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { UserError } from '#contract/errors';
import { complaintOf } from '#host/git';
import { worktreeOf } from '#host/worktree';
import { runsDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import { ASIS } from './git.ts';
import { openGit, patiently } from './git-open.ts';
import type { BranchPlan } from './run-branch.ts';

/**
 * The loop's worktree (`state/worktree`) on its run branch, made where it is missing; the user's branch, files and index stay as they are. A
 * worktree that stands on that branch keeps what was edited in it.
 * @throws UserError where git cannot switch it, with the cause.
 */
export async function openWorktree(home: string, git: SimpleGit, plan: BranchPlan): Promise<SimpleGit> {
  const { name, resumed, from, origin } = plan;
  const folder = worktreeOf(home);
  await linkAgain(folder, git, home);
  if (!(await isCheckout(folder))) {
    setAside(folder);
    const branch = resumed ? [folder, name] : ['--no-track', '-b', name, folder, origin];
    // One that was deleted by hand is registered still.
    await tried(git, ['worktree', 'add', '--quiet', '--force', ...branch]);
  }
  const own = await openGit(folder);
  await attach(own, plan);
  if (!resumed) await patiently(() => git.raw(['config', '--local', `branch.${name}.loop-from`, from]));
  // Where the researcher works, runs lie as in the user's checkout.
  mkdirSync(runsDir(home), { recursive: true });
  if (!lstatSync(runsDir(folder), { throwIfNoEntry: false }))
    symlinkSync(join('..', '..', basename(runsDir(home))), runsDir(folder));
  return own;
}

/** Lets go of the branch, so that the user can switch to it. Files stay as they are. */
export const leaveBranch = (git: SimpleGit): Promise<string> =>
  patiently(() => git.raw(['switch', '--quiet', '--detach']));

async function attach(git: SimpleGit, { name, resumed, origin }: BranchPlan): Promise<void> {
  const said = async (...args: string[]) => (await git.raw(args).catch(() => '')).trim();
  if ((await said('branch', '--show-current')) === name) return;
  if (!resumed) {
    await tried(git, ['switch', '--quiet', '--no-recurse-submodules', '--no-track', '-c', name, origin]);
  } else if ((await said('rev-parse', 'HEAD')) === (await said('rev-parse', `refs/heads/${name}`))) {
    await patiently(() => git.raw(['symbolic-ref', 'HEAD', `refs/heads/${name}`]));
  } else {
    await tried(git, ['switch', '--quiet', '--no-recurse-submodules', name]);
  }
}

/** A checkout that was moved or copied: worktree and repository name each other by paths that are gone. */
async function linkAgain(folder: string, git: SimpleGit, home: string): Promise<void> {
  const file = join(folder, '.git');
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return;
  const shared = resolve(home, (await git.raw(['rev-parse', '--git-common-dir'])).trim());
  const own = join(shared, 'worktrees', basename(readFileSync(file, 'utf8').trim()));
  if (!existsSync(own)) return;
  const pointers = [
    { path: file, text: `gitdir: ${own}\n` },
    { path: join(own, 'gitdir'), text: `${file}\n` },
  ];
  for (const { path, text } of pointers) if (readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

const isCheckout = (folder: string): Promise<boolean> =>
  existsSync(folder)
    ? openGit(folder).then(
        () => true,
        () => false,
      )
    : Promise.resolve(false);

/** A folder that is no worktree any more may hold a sprint's work: it is kept beside. */
function setAside(folder: string): void {
  if (!existsSync(folder)) return;
  for (let n = 1; ; n++) {
    const place = `${folder}-lost-${n}`;
    if (existsSync(place)) continue;
    renameSync(folder, place);
    return;
  }
}

async function tried(git: SimpleGit, words: string[]): Promise<void> {
  await patiently(() => git.raw([...ASIS, ...words])).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    throw new UserError(`git ${words[0]} ${words.at(-1)} was refused: ${whyRefused(messageOf(error))}`);
  });
}

/** Git's complaint in one line, the first file that it names, and the advice that fits. */
function whyRefused(message: string): string {
  const complaint = complaintOf(message).replace(/^(fatal|error): /, '');
  const file = /^\t(.+)$/m.exec(message)?.[1];
  const what = file ? `${complaint.replace(/:$/, '')} (${file})` : complaint;
  if (/untracked working tree files/.test(complaint)) return `${what}; move the file away first`;
  if (/would be overwritten|resolve your current index/.test(complaint))
    return `${what}; commit or undo your changes first`;
  return what;
}
