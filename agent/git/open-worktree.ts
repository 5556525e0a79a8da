import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { UserError } from '#contract/errors';
import { complaintOf } from '#host/git';
import { worktreeOf } from '#host/worktree';
import { runsDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import { ASIS, forgetStart } from './git.ts';
import { openGit, patiently } from './git-open.ts';
import type { BranchPlan } from './run-branch.ts';
import { worktreeEntry } from './worktree-entry.ts';

export interface OpenWorktree {
  git: SimpleGit;
  /**
   * Where a folder was moved that was in the worktree's place and was no valid worktree; null where none
   * was.
   */
  aside: string | null;
}

/**
 * Opens the loop's worktree (`state/worktree`) on its run branch, and makes it where it is missing. The
 * user's branch, files and index stay as they are. A worktree that is already on that branch keeps its
 * edits.
 * @throws UserError where git cannot switch it, with the cause.
 */
export async function openWorktree(home: string, git: SimpleGit, plan: BranchPlan): Promise<OpenWorktree> {
  const { name, resumed, from } = plan;
  const folder = worktreeOf(home);
  if (!resumed) await makeBranch(git, plan);
  await patiently(() => git.raw(['config', '--local', `branch.${name}.loop-from`, from]));
  const opened = await openFolder(home, git, folder, [folder, name]);
  await attach(opened.git, plan);
  return opened;
}

/**
 * Opens a worktree in a folder, and makes it where it is missing. `add`: the last words of `worktree add`.
 */
export async function openFolder(
  home: string,
  git: SimpleGit,
  folder: string,
  add: readonly string[],
): Promise<OpenWorktree> {
  const standing = await openStanding(folder, git, home);
  const aside = standing ? null : setAside(folder);
  // A worktree that was deleted by hand is still registered and may be locked; the second --force is for a
  // lock.
  if (!standing) await tried(git, ['worktree', 'add', '--quiet', '--force', '--force', ...add]);
  const own = standing ?? (await openGit(folder));
  // The researcher's worktree shows the runs of the user's checkout by a link.
  mkdirSync(runsDir(home), { recursive: true });
  if (!lstatSync(runsDir(folder), { throwIfNoEntry: false }))
    symlinkSync(relative(folder, runsDir(home)), runsDir(folder));
  return { git: own, aside };
}

/** Detaches the worktree from the branch, so that the user can switch to it. Files stay as they are. */
export const leaveBranch = (git: SimpleGit): Promise<string> =>
  patiently(() => git.raw(['switch', '--quiet', '--detach']));

/** @throws UserError where a loop in another checkout has just made the branch. */
async function makeBranch(git: SimpleGit, { name, origin }: BranchPlan): Promise<void> {
  // The empty old value makes git fail where the branch exists.
  const make = ['update-ref', `refs/heads/${name}`, origin, ''];
  await patiently(() => git.raw(make)).catch(async (error: unknown) => {
    const there = git.raw(['rev-parse', '--verify', '--quiet', `refs/heads/${name}`]);
    if ((await there.catch(() => '')).trim() === '') throw error;
    throw new UserError(`a loop in another checkout has just made the branch ${name}; start again`);
  });
  await forgetStart(git, name);
}

async function attach(git: SimpleGit, { name }: BranchPlan): Promise<void> {
  const said = async (...args: string[]) => (await git.raw(args).catch(() => '')).trim();
  if ((await said('branch', '--show-current')) === name) return;
  const [head, tip] = (await said('rev-parse', 'HEAD', `refs/heads/${name}`)).split('\n');
  if (head === tip) await patiently(() => git.raw(['symbolic-ref', 'HEAD', `refs/heads/${name}`]));
  else await tried(git, ['switch', '--quiet', '--no-recurse-submodules', name]);
}

/**
 * Opens git on the folder where it is a worktree of this repository; null where it is none. After the
 * checkout was moved or copied, the worktree and the repository name each other by old paths; these are
 * corrected.
 */
async function openStanding(folder: string, git: SimpleGit, home: string): Promise<SimpleGit | null> {
  const entry = await worktreeEntry(git, home, folder);
  // A start that was cut off has not checked out all files: git writes the index last.
  if (!entry || !existsSync(join(entry.folder, 'index'))) return null;
  const file = join(folder, '.git');
  const pointers = [
    { path: file, text: `gitdir: ${entry.folder}\n` },
    { path: join(entry.folder, 'gitdir'), text: `${file}\n` },
  ];
  for (const { path, text } of pointers) if (readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  return openGit(folder).catch(() => null);
}

/** Renames a folder that is no valid worktree any more, since it may hold a sprint's work. */
function setAside(folder: string): string | null {
  if (!existsSync(folder)) return null;
  for (let n = 1; ; n++) {
    const place = `${folder}-lost-${n}`;
    if (existsSync(place)) continue;
    renameSync(folder, place);
    return place;
  }
}

async function tried(git: SimpleGit, words: string[]): Promise<void> {
  await patiently(() => git.raw([...ASIS, ...words])).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    throw new UserError(`git ${words[0]} ${words.at(-1)} was refused: ${whyRefused(messageOf(error))}`);
  });
}

/** Git's complaint in one line, with the first file that it names and fitting advice. */
function whyRefused(message: string): string {
  const complaint = complaintOf(message).replace(/^(fatal|error): /, '');
  const file = /^\t(.+)$/m.exec(message)?.[1];
  const what = file ? `${complaint.replace(/:$/, '')} (${file})` : complaint;
  if (/untracked working tree files/.test(complaint)) return `${what}; move the file in state/worktree away`;
  if (/would be overwritten|resolve your current index/.test(complaint))
    return `${what}; commit or undo the changes in the loop's worktree, state/worktree`;
  return what;
}
