import { existsSync, linkSync, mkdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';

/** What a file system says that has no hard links: FAT, some network and cloud folders, some containers. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES', 'EINVAL'];
/** A door that is older was left by a process that was killed between two calls. */
const DOOR_MS = 10_000;

/**
 * Gives a lock that is written already its name; false where that is taken. Nobody ever sees one without its
 * holder. `link` is for tests.
 */
export function linked(written: string, lock: string, link = linkSync): boolean {
  try {
    link(written, lock);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code)) throw error;
    return renamed(written, lock);
  }
}

/**
 * The same without links: a folder is the door, which one process at a time can make, and behind it the file
 * is renamed. Where the door is taken, the lock is about to be.
 */
function renamed(written: string, lock: string): boolean {
  const door = `${lock}.door`;
  const since = statSync(door, { throwIfNoEntry: false })?.mtimeMs;
  if (since !== undefined && Date.now() - since > DOOR_MS) removeDoor(door);
  try {
    mkdirSync(door);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    if (existsSync(lock)) return false;
    renameSync(written, lock);
    return true;
  } finally {
    removeDoor(door);
  }
}

function removeDoor(door: string): void {
  try {
    rmdirSync(door);
  } catch {} // Another has.
}

/**
 * Takes a lock away whose holder has ended. Another process may have done so and locked already since it was
 * looked at: where what is found is not `stale`, it is put back.
 */
export function takeAway(lock: string, stale: (path: string) => boolean): void {
  const aside = `${lock}.stale-${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (!stale(aside)) linked(aside, lock);
  rmSync(aside, { force: true });
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
