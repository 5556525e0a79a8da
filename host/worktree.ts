import { basename, dirname, join } from 'node:path';

const FOLDERS = ['state', 'worktree'] as const;

/**
 * The git worktree in which the loop of a checkout works, so that the user's branch, files and index stay as
 * they are.
 */
export const worktreeOf = (home: string): string => join(home, ...FOLDERS);

/**
 * The user's checkout that a checkout belongs to: for a loop's worktree the checkout above it, else
 * `checkout` itself. TASK.md, HINTS.md, runs, reports and state lie there, whatever branch the worktree is
 * on.
 */
export function homeOf(checkout: string): string {
  const [state, worktree] = FOLDERS;
  const above = dirname(checkout);
  return basename(checkout) === worktree && basename(above) === state ? dirname(above) : checkout;
}
