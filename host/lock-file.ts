import { existsSync, linkSync, mkdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';

/**
 * The error codes of file systems without hard links: FAT, some network and cloud folders, some containers.
 */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES', 'EINVAL'];
/** In ms: an older door (see `renamed`) was left by a process that was killed before it removed it. */
const DOOR_MS = 10_000;

/**
 * Gives a lock file that is already written its final name; false where the name is taken. So no process ever
 * sees a lock without its holder. `link` is for tests.
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
 * The same without hard links. Only one process at a time can make the folder `<lock>.door`, and that process
 * renames the file. Where the door exists, another process is taking the lock: false.
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
  } catch {} // Another process has removed it.
}

/**
 * Removes a lock whose holder has ended. Another process may have removed it and locked again since the
 * caller looked, so a lock that is not `stale` is put back.
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
