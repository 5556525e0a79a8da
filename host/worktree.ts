import { basename, dirname, join } from 'node:path';

const FOLDERS = ['state', 'worktree'] as const;

/**
 * The git worktree in which the loop of a checkout works, so that the user's branch, files and index stay as
 * they are.
 */
export const worktreeOf = (home: string): string => join(home, ...FOLDERS);

/**
 * The user's checkout to which a checkout belongs: that of a loop's worktree, or itself. There lie TASK.md,
 * HINTS.md, runs, reports and state, whatever branch the worktree is on.
 */
export function homeOf(checkout: string): string {
  const [state, worktree] = FOLDERS;
  const above = dirname(checkout);
  return basename(checkout) === worktree && basename(above) === state ? dirname(above) : checkout;
}
