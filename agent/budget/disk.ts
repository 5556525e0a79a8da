import { statfsSync } from 'node:fs';

const NEEDED_BYTES = 500e6;

/** Free bytes on the file system of a folder. Tests replace it. */
export type FreeBytes = (folder: string) => number;

const freeBytes: FreeBytes = (folder) => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** Null while there is room for runs and reports, else one line that says how little is left. */
export function diskTrouble(folder: string, freeWhere = freeBytes): string | null {
  const free = freeWhere(folder);
  if (free >= NEEDED_BYTES) return null;
  return `only ${Math.round(free / 1e6)} MB are free on the disk of ${folder}, and ${NEEDED_BYTES / 1e6} MB are needed; delete old run folders in checkpoints/`;
}
