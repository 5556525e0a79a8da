import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from '#contract/task';
import { homeOf } from './worktree.ts';

/**
 * What code of the workspace may read when it trains, encodes or is checked (Confinement.readable): the
 * workspace in `cwd`, a tree or the repository, and what the task's `reads` names. Packages of a loop's
 * worktree lie in the checkout above it. A path that is not there is left out.
 */
export function readsOf({ contract }: Pick<Task, 'contract'>, repo: string, cwd: string): string[] {
  const shared = contract.reads.flatMap(
    (path) => [repo, homeOf(repo)].map((root) => join(root, path)).find((place) => existsSync(place)) ?? [],
  );
  return [join(cwd, contract.workspace), ...shared].filter((path) => existsSync(path));
}
