import { basename, dirname, join } from 'node:path';

const FOLDERS = ['state', 'worktree'] as const;
const MORE = ['state', 'worktrees'] as const;

/**
 * The git worktree in which the loop of a checkout works, so that the user's branch, files and index stay as
 * they are. It is on the run branch, and the first researcher works there.
 */
export const worktreeOf = (home: string): string => join(home, ...FOLDERS);

/** The folder of the worktrees of further researchers, each in a folder of its name. */
export const moreWorktrees = (home: string): string => join(home, ...MORE);

/**
 * The user's checkout that a checkout belongs to: for a worktree of the loop the checkout above it, else
 * `checkout` itself. TASK.md, HINTS.md, runs, reports and state lie there, whatever branch the worktree is
 * on.
 */
export function homeOf(checkout: string): string {
  const above = dirname(checkout);
  const isFirst = basename(checkout) === FOLDERS[1] && basename(above) === FOLDERS[0];
  if (isFirst) return dirname(above);
  const isOther = basename(above) === MORE[1] && basename(dirname(above)) === MORE[0];
  return isOther ? dirname(dirname(above)) : checkout;
}
