import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
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
  /** Where that is kept which lay in its place and was no worktree any more. */
  aside: string | null;
}

/**
 * The loop's worktree (`state/worktree`) on its run branch, made where it is missing; the user's branch,
 * files and index stay as they are. A worktree that stands on that branch keeps what was edited in it.
 * @throws UserError where git cannot switch it, with the cause.
 */
export async function openWorktree(home: string, git: SimpleGit, plan: BranchPlan): Promise<OpenWorktree> {
  const { name, resumed, from } = plan;
  const folder = worktreeOf(home);
  const stands = await isWorktree(folder, git, home);
  const aside = stands ? null : setAside(folder);
  if (!resumed) await makeBranch(git, plan);
  await patiently(() => git.raw(['config', '--local', `branch.${name}.loop-from`, from]));
  // One that was deleted by hand is registered still, and may be locked: twice is for that.
  if (!stands) await tried(git, ['worktree', 'add', '--quiet', '--force', '--force', folder, name]);
  const own = await openGit(folder);
  await attach(own, plan);
  // Where the researcher works, runs lie as in the user's checkout.
  mkdirSync(runsDir(home), { recursive: true });
  if (!lstatSync(runsDir(folder), { throwIfNoEntry: false }))
    symlinkSync(join('..', '..', basename(runsDir(home))), runsDir(folder));
  return { git: own, aside };
}

/** Lets go of the branch, so that the user can switch to it. Files stay as they are. */
export const leaveBranch = (git: SimpleGit): Promise<string> =>
  patiently(() => git.raw(['switch', '--quiet', '--detach']));

/** @throws UserError where a loop of another checkout has made it just now. */
async function makeBranch(git: SimpleGit, { name, origin }: BranchPlan): Promise<void> {
  // Git makes it only where there is none.
  const make = ['update-ref', `refs/heads/${name}`, origin, ''];
  await patiently(() => git.raw(make)).catch(async (error: unknown) => {
    const there = git.raw(['rev-parse', '--verify', '--quiet', `refs/heads/${name}`]);
    if ((await there.catch(() => '')).trim() === '') throw error;
    throw new UserError(`${name} was taken by a loop in another checkout just now; start again`);
  });
  await forgetStart(git, name);
}

async function attach(git: SimpleGit, { name }: BranchPlan): Promise<void> {
  const said = async (...args: string[]) => (await git.raw(args).catch(() => '')).trim();
  if ((await said('branch', '--show-current')) === name) return;
  if ((await said('rev-parse', 'HEAD')) === (await said('rev-parse', `refs/heads/${name}`)))
    await patiently(() => git.raw(['symbolic-ref', 'HEAD', `refs/heads/${name}`]));
  else await tried(git, ['switch', '--quiet', '--no-recurse-submodules', name]);
}

/**
 * Whether the folder is a worktree of this repository. Where the checkout was moved or copied the two name
 * each other by paths that are gone, and are made to find each other again.
 */
async function isWorktree(folder: string, git: SimpleGit, home: string): Promise<boolean> {
  const entry = await worktreeEntry(git, home);
  // A start that was cut off had not laid out all files: git writes the index last.
  if (!entry || !existsSync(join(entry.folder, 'index'))) return false;
  const file = join(folder, '.git');
  const pointers = [
    { path: file, text: `gitdir: ${entry.folder}\n` },
    { path: join(entry.folder, 'gitdir'), text: `${file}\n` },
  ];
  for (const { path, text } of pointers) if (readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  return openGit(folder).then(
    () => true,
    () => false,
  );
}

/** A folder that is no worktree any more may hold a sprint's work: it is kept beside. */
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

/** Git's complaint in one line, the first file that it names, and the advice that fits. */
function whyRefused(message: string): string {
  const complaint = complaintOf(message).replace(/^(fatal|error): /, '');
  const file = /^\t(.+)$/m.exec(message)?.[1];
  const what = file ? `${complaint.replace(/:$/, '')} (${file})` : complaint;
  if (/untracked working tree files/.test(complaint))
    return `${what}; move the file in state/worktree away first`;
  if (/would be overwritten|resolve your current index/.test(complaint))
    return `${what}; commit or undo the changes in the loop's worktree, state/worktree, first`;
  return what;
}
