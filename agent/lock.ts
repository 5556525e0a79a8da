import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { linked, takeAway } from '#host/lock-file';
import { isAlive, processStart } from '#host/processes';

const Holder = z.object({
  pid: z.number(),
  start: z.string().nullable(),
  host: z.string(),
  since: z.string(),
});
type Holder = z.infer<typeof Holder>;

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
      takeAway(path, (found) => isOf(other, read(found)));
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

/** A holder that cannot be read is nobody's. */
const isOf = (stale: Holder | null, found: Holder | null): boolean =>
  !found || (found.pid === stale?.pid && found.start === stale.start);

function read(path: string): Holder | null {
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
