import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { isAlive, processStart } from '#host/processes';

const Holder = z.object({
  pid: z.number(),
  start: z.string().nullable(),
  host: z.string(),
  since: z.string(),
});

export const lockPath = (stateDir: string) => join(stateDir, 'lock.json');

/**
 * One loop a checkout: `state/lock.json` names the process that runs. One that was left by a process that is gone (its pid
 * may belong to another by now) is taken over. Gives what releases it.
 * @throws UserError naming the loop that runs already.
 */
export function takeLock(stateDir: string): () => void {
  mkdirSync(stateDir, { recursive: true });
  const path = lockPath(stateDir);
  const own = `${path}.${process.pid}`;
  const holder = {
    pid: process.pid,
    start: processStart(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
  };
  writeFileSync(own, JSON.stringify(holder));
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (linked(own, path)) return () => release(path, holder.start);
      const other = read(path);
      refuseSecond(path, other);
      moveAside(path, other);
    }
    throw new UserError(`${path}: could not be taken; remove it if no loop runs here`);
  } finally {
    rmSync(own, { force: true });
  }
}

/** For those who ask before they take it. @throws UserError naming the loop that runs already. */
export function refuseSecond(path: string, other = read(path)): void {
  if (!other || (other.host === hostname() && !isAlive(other.pid, other.start))) return;
  const gone = other.host === hostname() ? '' : `; if that machine is gone, remove ${path}`;
  throw new UserError(
    `another loop runs in this checkout: process ${other.pid} on ${other.host}, since ${other.since}; stop it first (Ctrl-C there), or use another clone${gone}`,
  );
}

/** Takes a stale lock away by a rename. Another starter may have done so and locked already: then its lock is put back. */
function moveAside(path: string, stale: z.infer<typeof Holder> | null): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
    const moved = read(aside);
    if (moved && (moved.pid !== stale?.pid || moved.start !== stale.start)) linked(aside, path);
    rmSync(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): z.infer<typeof Holder> | null {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

function release(path: string, start: string | null): void {
  const holder = read(path);
  if (holder?.pid === process.pid && holder.start === start) rmSync(path, { force: true });
}

/** Whether the loop that holds the lock lives, for the status. */
export function lockHolder(stateDir: string): { pid: number; alive: boolean } | null {
  const holder = read(lockPath(stateDir));
  return holder && { pid: holder.pid, alive: isAlive(holder.pid, holder.start) };
}
