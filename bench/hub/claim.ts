import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '#contract/errors';
import { linked, takeAway } from '#host/lock-file';

/**
 * Runs `work`, which writes to `path`, while this process holds `${path}.lock`: two downloads into one file
 * would mix. The lock names its process; the lock of a process that has ended is taken over.
 * @throws UserError where another process holds the lock
 */
export async function claimed<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  mkdirSync(dirname(lock), { recursive: true });
  for (let tries = 0; !taken(lock); tries++) {
    const pid = holder(lock);
    if (tries > 2 || isAlive(pid)) {
      throw new UserError(
        `${path}: process ${pid} is downloading it; wait until it has ended (or remove ${lock})`,
      );
    }
    removeStale(lock, pid);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken(lock: string): boolean {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    return linked(own, lock);
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes the lock of a process that has ended. A lock that another process has taken since then stays. */
export const removeStale = (lock: string, ended: number): void =>
  takeAway(lock, (path) => holder(path) === ended);

function holder(lock: string): number {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
