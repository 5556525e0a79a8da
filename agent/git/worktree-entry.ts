import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { worktreeOf } from '#host/worktree';

/** The repository's own record of the loop's worktree. */
export interface WorktreeEntry {
  /** Its folder below the repository's `worktrees`. */
  folder: string;
  /**
   * Where the repository expects the worktree. It differs from the real place where the checkout was moved
   * or copied.
   */
  place: string;
}

/**
 * Finds the record that the `.git` file of a worktree of the loop names. Null where there is none, or where
 * another worktree uses that record by now.
 */
export async function worktreeEntry(
  git: SimpleGit,
  home: string,
  worktree = worktreeOf(home),
): Promise<WorktreeEntry | null> {
  const file = join(worktree, '.git');
  const name = namedBy(file);
  if (name === null) return null;
  const shared = resolve(home, (await git.raw(['rev-parse', '--git-common-dir'])).trim());
  const folder = join(shared, 'worktrees', basename(name));
  const pointer = join(folder, 'gitdir');
  if (!existsSync(pointer)) return null;
  const registered = resolve(folder, readFileSync(pointer, 'utf8').trim());
  const answers = registered === file ? null : namedBy(registered);
  if (answers !== null && resolve(dirname(registered), answers) === folder) return null;
  return { folder, place: dirname(registered) };
}

/** The folder named in a worktree's `.git` file. */
function namedBy(file: string): string | null {
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return null;
  return readFileSync(file, 'utf8')
    .replace(/^gitdir: /, '')
    .trim();
}
