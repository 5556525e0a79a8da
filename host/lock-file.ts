import { linkSync, renameSync, rmSync } from 'node:fs';

/** Gives a lock that is written already its name; false where that is taken. Nobody ever sees one without its holder. */
export function linked(written: string, lock: string): boolean {
  try {
    linkSync(written, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes a lock away whose holder has ended. Another process may have done so and locked already since it was looked at: where what is
 * found is not `stale`, it is put back.
 */
export function takeAway(lock: string, stale: (path: string) => boolean): void {
  const aside = `${lock}.stale-${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (!stale(aside)) linked(aside, lock);
  rmSync(aside, { force: true });
}
