import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writerOf } from '#contract/atomic';
import { processesIn } from '#host/processes';
import { homeOf } from '#host/worktree';

/**
 * Removes from these folders the temporary files of killed processes: they would be committed with reports
 * and sprints. Files that a running command is writing stay. Returns how many were removed.
 */
export function removeHalfWritten(repo: string, folders: readonly string[]): number {
  const atWork = processesIn(realpathSync(homeOf(repo)));
  const left = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => ({ name, path: join(folder, name) })))
    .filter(({ name }) => {
      const writer = writerOf(name);
      return writer !== null && !atWork.includes(writer);
    });
  for (const { path } of left) rmSync(path, { recursive: true, force: true });
  return left.length;
}
