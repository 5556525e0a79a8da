import { accessSync, constants, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { writeFileAtomic } from '#contract/atomic';
import { treeWith } from '#host/tree';
import { homeOf } from '#host/worktree';
import { hintsPath, taskPath } from '../common/paths.ts';
import { count } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import { changedAmong, commitPaths, commitTree, openGit, restoreOthers } from '../git/git.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'repo' | 'task'>;
  checkout: Checkout;
  journal: Journal;
}

/** Files by which the user steers a loop, relative to the checkout. */
const STEERING = ['TASK.md', 'HINTS.md'];

/**
 * Brings the run branch up to the commit that the user has checked out, except for the workspace, the sprints
 * and the files that `recordSteering` commits. The loop then runs the files that the user sees, and the
 * branch records them. Changes of others in the worktree are undone.
 */
export async function takeOverFiles({
  config: { repo, task },
  checkout: { git, branch },
  journal,
}: LoopParts): Promise<void> {
  // Older run branches have reports; they stay.
  const own = [task.contract.workspace, 'sprints', 'reports', ...STEERING];
  const undone = await restoreOthers(git, own);
  if (undone.length > 0)
    journal.notice(
      `removed changes in the loop's worktree, outside of ${task.contract.workspace}/: ${undone.slice(0, 5).join(', ')}${undone.length > 5 ? ` and ${undone.length - 5} more` : ''}`,
      'warn',
    );
  if (!branch.resumed) return;
  const users = await openGit(homeOf(repo));
  const commit = (await users.revparse(['HEAD'])).trim();
  const tree = await treeWith({ repo, commit, paths: own, of: 'HEAD' });
  if (tree === (await git.revparse(['HEAD^{tree}'])).trim()) return;
  const name = (await users.raw(['branch', '--show-current'])).trim() || commit.slice(0, 9);
  const made = await commitTree(git, tree, `Take over the files of ${name} as of ${commit.slice(0, 9)}`);
  journal.notice(
    `the run branch takes over the files of ${name}, except ${task.contract.workspace}/: commit ${made.slice(0, 9)}`,
  );
}

/**
 * Copies TASK.md and HINTS.md from the user's checkout into the worktree, where the commands of the task read
 * them. Their line ends are those that the user's git records. A file that cannot be read is removed from the
 * worktree.
 */
export async function laySteering(repo: string): Promise<void> {
  const users = await openGit(homeOf(repo));
  for (const [name, from] of [
    ['TASK.md', taskPath(repo)],
    ['HINTS.md', hintsPath(repo)],
  ] as const) {
    const to = join(repo, name);
    if (to === from) continue;
    const text = isReadable(from) ? await asRecorded(users, name, from) : null;
    if (text === null) rmSync(to, { force: true });
    else if (!existsSync(to) || readFileSync(to, 'utf8') !== text) writeFileAtomic(to, text);
  }
}

async function asRecorded(git: SimpleGit, name: string, path: string): Promise<string> {
  const hash = ['-c', 'core.safecrlf=false', 'hash-object', '-w', `--path=${name}`, path];
  return git.raw(['cat-file', 'blob', (await git.raw(hash)).trim()]);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Commits TASK.md and HINTS.md on the run branch if they were edited, so that the history holds the rules
 * that a sprint was made under.
 */
export async function recordSteering({ checkout: { git }, journal }: LoopParts): Promise<void> {
  const changed = await changedAmong(git, STEERING);
  if (changed.length === 0) return;
  const commit = await commitPaths(git, changed, `Record ${changed.join(' and ')} as edited`);
  journal.notice(
    `${count(changed.length, 'edited file')} recorded on the run branch (${changed.join(', ')}): commit ${commit.slice(0, 9)}`,
  );
}
