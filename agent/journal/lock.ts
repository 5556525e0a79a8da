import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { linked, takeAway } from '#host/lock-file';
import { bootId, isAlive, namespace, processStart } from '#host/processes';

const Holder = z.object({
  pid: z.number(),
  start: z.string().nullable(),
  host: z.string(),
  since: z.string(),
  /**
   * Boot id of the kernel, and pid namespace. Where both equal ours, the pid identifies the holder. Absent in
   * locks of earlier versions.
   */
  boot: z.string().nullable().optional(),
  namespace: z.string().optional(),
});
type Holder = z.infer<typeof Holder>;

export const lockPath = (stateDir: string) => join(stateDir, 'lock.json');

/**
 * How often a loop touches its lock, and how long after the last touch it counts as gone where its pid cannot
 * be checked.
 */
const HEARTBEAT = { everyMs: 5000, goneMs: 30_000 };

export interface Taking {
  /** Takes over a lock from another machine too, once its heartbeat has stopped. */
  takeOver?: boolean;
  heartbeat?: typeof HEARTBEAT;
  /** Called with a message before a wait. */
  onWait?: (text: string) => void;
}

/**
 * Takes the lock of a checkout, so that only one loop runs in it, and returns the function that releases it.
 * `state/lock.json` names the process that runs. A lock of a process that is gone is taken over. Pid and
 * start time decide that in the same boot of the same machine, whatever its name; elsewhere a stopped
 * heartbeat does.
 * @throws UserError naming the loop that runs already.
 */
export async function takeLock(stateDir: string, taking: Taking = {}): Promise<() => void> {
  const { everyMs } = taking.heartbeat ?? HEARTBEAT;
  mkdirSync(stateDir, { recursive: true });
  const path = lockPath(stateDir);
  const own = `${path}.${process.pid}`;
  const holder: Holder = {
    pid: process.pid,
    start: processStart(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
    boot: bootId(),
    namespace: namespace(),
  };
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      writeFileSync(own, JSON.stringify(holder));
      if (linked(own, path)) {
        const beat = setInterval(() => touch(path), everyMs).unref();
        return () => {
          clearInterval(beat);
          release(path, holder.start);
        };
      }
      const other = read(path);
      await refuseSecond(path, taking);
      takeAway(path, (found) => isOf(other, read(found)));
    }
    throw new UserError(`${path}: cannot be written; if no loop runs here, remove it`);
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Checks the lock without taking it: returns where no loop holds it. Where the holder's pid cannot be
 * checked, it first waits to see whether the heartbeat goes on.
 * @throws UserError naming the loop that runs already.
 */
export async function refuseSecond(
  path: string,
  { takeOver = false, heartbeat = HEARTBEAT, onWait }: Taking = {},
): Promise<void> {
  const other = read(path);
  if (!other) return;
  const runs = `another loop runs in this checkout: process ${other.pid} on ${other.host}, since ${other.since}; stop it first (Ctrl-C there), or use another clone`;
  const lives = pidTells(other) ? isAlive(other.pid, other.start) : null;
  if (lives === true) throw new UserError(runs);
  if (lives === false) return;
  // After a restart of a container or of the machine, the lock has our host name or our boot id.
  const wasHere = other.host === hostname() || (other.boot != null && other.boot === bootId());
  if (!wasHere && !takeOver) {
    throw new UserError(
      `${runs}; if that machine is gone, start with --take-over, which waits until the loop's heartbeat has stopped (or remove ${path})`,
    );
  }
  const seen = beatOf(path);
  const began = Date.now();
  // The clock of another machine may be behind ours, so a few beats are waited for whatever the file time
  // says.
  const least = wasHere ? 0 : 3 * heartbeat.everyMs;
  const until = Math.min(began + heartbeat.goneMs, Math.max(began + least, (seen ?? 0) + heartbeat.goneMs));
  if (until > began)
    onWait?.(
      `a loop of ${other.host} may still run here: waiting up to ${Math.ceil(heartbeat.goneMs / 1000)} s for its heartbeat`,
    );
  while (Date.now() < until && beatOf(path) === seen) await sleep(Math.min(250, heartbeat.everyMs));
  const now = beatOf(path);
  if (now !== null && now !== seen) throw new UserError(runs);
}

/**
 * Whether the holder's pid can be checked from this process. Locks of earlier versions identify the machine
 * by its name alone.
 */
function pidTells(other: Holder): boolean {
  if (other.boot === undefined || other.namespace === undefined) return other.host === hostname();
  if (other.boot === null || bootId() === null) return other.host === hostname();
  return other.boot === bootId() && other.namespace === namespace();
}

/**
 * Whether the lock found is the stale one. A lock that cannot be read has no holder, so it counts as stale.
 */
const isOf = (stale: Holder | null, found: Holder | null): boolean =>
  !found || (found.pid === stale?.pid && found.start === stale.start && found.since === stale.since);

function read(path: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

const beatOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {} // Another process took the lock file away; release() checks that.
}

function release(path: string, start: string | null): void {
  const holder = read(path);
  if (holder?.pid === process.pid && holder.start === start) rmSync(path, { force: true });
}

/**
 * The process that holds the lock and whether it is alive, for the status. Null where no lock can be read.
 */
export function lockHolder(stateDir: string): { pid: number; alive: boolean } | null {
  const path = lockPath(stateDir);
  const holder = read(path);
  if (!holder) return null;
  const beats = Date.now() - (beatOf(path) ?? 0) < HEARTBEAT.goneMs;
  return { pid: holder.pid, alive: pidTells(holder) ? isAlive(holder.pid, holder.start) : beats };
}
