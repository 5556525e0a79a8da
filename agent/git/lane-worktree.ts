import type { SimpleGit } from 'simple-git';
import { openFolder } from './open-worktree.ts';

/**
 * Opens the worktree of a further researcher, detached: where it is missing it is made at this commit. One
 * that stands keeps its edits. A folder that is no valid worktree is renamed.
 */
export const openLaneWorktree = (
  home: string,
  users: SimpleGit,
  folder: string,
  commit: string,
): Promise<{ git: SimpleGit; aside: string | null }> =>
  openFolder(home, users, folder, ['--detach', folder, commit]);
