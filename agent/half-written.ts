import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writerOf } from '#contract/atomic';
import { processStart } from '#host/processes';

/**
 * Removes what a killed process was writing when it ended, from these folders and the folders in them: it would be committed with
 * reports and sprints. Gives how many there were.
 */
export function removeHalfWritten(folders: readonly string[]): number {
  const all = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...foldersIn(folder)]);
  const left = all.flatMap((folder) =>
    readdirSync(folder)
      .filter(isAbandoned)
      .map((name) => join(folder, name)),
  );
  for (const path of left) rmSync(path, { force: true });
  return left.length;
}

function isAbandoned(name: string): boolean {
  const pid = writerOf(name);
  return pid !== null && processStart(pid) === null;
}

const foldersIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
