import { setTimeout as sleep } from 'node:timers/promises';
import { markedWith, ownerOf } from './marks.ts';
import { pids, readStat, type Stat, signal } from './processes.ts';

/**
 * The living members of the recorded group: all of them while its recorded leader exists, those with our mark
 * when the leader has ended, none when another process has the leader's pid.
 */
function members(leader: number, start: string): number[] {
  const now = readStat(leader);
  if (now && now.start !== start) return [];
  return pids()
    .map(readStat)
    .filter((stat) => stat !== null && stat.group === leader && !stat.zombie)
    .map((stat) => (stat as Stat).pid)
    .filter((pid) => now !== null || ownerOf(pid) !== null);
}

/**
 * The pids of a process, of its group, of the processes that carry `mark`, and of all that they started, as
 * far as the parents still live.
 */
export function familyOf(leader: number, mark?: string): number[] {
  const stats = pids()
    .map(readStat)
    .filter((stat) => stat !== null);
  const family = new Set(
    stats.flatMap(({ pid, group }) => (group === leader || pid === leader ? [pid] : [])),
  );
  if (mark !== undefined) for (const { pid } of markedWith(mark)) family.add(pid);
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of stats) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

/**
 * Ends the process group that a dead supervisor left: SIGTERM, `graceSeconds`, SIGKILL. Never signals a group
 * whose number another process has taken over. Returns whether there was anything to end.
 */
export async function killGroup(pid: number, start: string | null, graceSeconds = 2): Promise<boolean> {
  if (start === null || pid <= 1 || members(pid, start).length === 0) return false;
  signalGroup(pid, 'SIGTERM');
  for (let waited = 0; waited < graceSeconds * 1000; waited += 50) {
    if (members(pid, start).length === 0) return true;
    await sleep(50);
  }
  if (members(pid, start).length > 0) signalGroup(pid, 'SIGKILL');
  for (let i = 0; i < 40 && members(pid, start).length > 0; i++) await sleep(25);
  return true;
}

/**
 * Waits until no process of a killed group is left, so that its memory and its GPU are free. Gives up after
 * `patienceMs` on a process that a driver or a disk keeps from ending.
 */
export async function groupEnded(leader: number, patienceMs = 5000): Promise<void> {
  const lives = () =>
    pids()
      .map(readStat)
      .some((stat) => stat !== null && stat.group === leader && !stat.zombie);
  const until = Date.now() + patienceMs;
  // Signal 0 fails at once where there is no such group. It succeeds for zombies too, so `lives` decides
  // then.
  while (Date.now() < until && signal(-leader, 0) && lives()) await sleep(10);
}

/** Sends a signal to a whole group; false where it is gone. */
export const signalGroup = (pid: number, name: NodeJS.Signals): boolean => signal(-pid, name);
