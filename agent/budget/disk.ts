import { statfsSync } from 'node:fs';

const NEEDED_BYTES = 500e6;

/** Null while there is room for runs and reports, else one line that says how little is left. */
export function diskTrouble(folder: string): string | null {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= NEEDED_BYTES) return null;
  return `only ${Math.round(free / 1e6)} MB are free where ${folder} lies; make room (old run folders in checkpoints/), at least ${NEEDED_BYTES / 1e6} MB`;
}
