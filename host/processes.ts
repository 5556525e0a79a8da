import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Stands in the environment of every child that we start, and so of its children. */
export const CHILD_MARK = 'LOOP_CHILD';

interface Stat {
  pid: number;
  zombie: boolean;
  group: number;
  start: string;
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets, which may hold anything; the third stands after the last bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, zombie: fields[0] === 'Z', group: Number(fields[2]), start: fields[19] };
  } catch {
    return null;
  }
}

/**
 * When the process started, in clock ticks since boot (field 22 of /proc/<pid>/stat): together with the pid it names
 * one process for good. Null where there is no such process, or no /proc.
 */
export function processStart(pid: number): string | null {
  return readStat(pid)?.start ?? null;
}

/** Whether the very process that was recorded still runs; one that took over its pid does not count. */
export function isAlive(pid: number, start: string | null): boolean {
  const stat = readStat(pid);
  return stat !== null && start !== null && stat.start === start && !stat.zombie;
}

function markedAsOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .some((entry) => entry.startsWith(`${CHILD_MARK}=`));
  } catch {
    return false;
  }
}

/** Members of the recorded group that live: all where its leader is the recorded one, else those with our mark. */
function members(leader: number, start: string): number[] {
  const now = readStat(leader);
  if (now && now.start !== start) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null && stat.group === leader && !stat.zombie)
    .map((stat) => (stat as Stat).pid)
    .filter((pid) => now !== null || markedAsOurs(pid));
}

/**
 * Ends the process group that a dead supervisor left behind: SIGTERM, `graceSeconds`, SIGKILL. Never hits a group
 * whose number was taken over by a stranger. Tells whether there was anything to end.
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

/** Sends a signal to a whole group; false where it is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
