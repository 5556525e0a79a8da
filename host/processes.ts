import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether processes that are not our children can be seen at all. */
export const seesProcesses = (): boolean => existsSync('/proc/self/stat');

/** What /proc/<pid>/stat says of a process. */
export interface Stat {
  pid: number;
  zombie: boolean;
  parent: number;
  group: number;
  start: string;
}

/** Null where there is no such process, or no /proc. */
export function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets, which may hold anything; the third stands after the last
    // bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [parent, group] = [Number(fields[1]), Number(fields[2])];
    const start = fields[19];
    return start === undefined ? null : { pid, zombie: fields[0] === 'Z', parent, group, start };
  } catch {
    return null;
  }
}

/**
 * When the process started, in clock ticks since boot (field 22 of /proc/<pid>/stat): together with the pid
 * it names one process for good. Null where there is no such process, or no /proc.
 */
export function processStart(pid: number): string | null {
  return readStat(pid)?.start ?? null;
}

/**
 * Whether the very process that was recorded still runs; one that took over its pid does not count. Without
 * /proc its pid alone tells.
 */
export function isAlive(pid: number, start: string | null): boolean {
  if (start === null && !seesProcesses()) return pid > 0 && signal(pid, 0);
  const stat = readStat(pid);
  return stat !== null && start !== null && stat.start === start && !stat.zombie;
}

/** Of this boot of this machine; null where the kernel does not say. */
export function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

/** A container counts its pids anew: those of another namespace mean nothing here. */
export function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return 'unknown';
  }
}

/** Of all processes that can be seen: none where there is no /proc. */
export const pids = () =>
  seesProcesses()
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : [];

/** A process whose command line, its words apart by zeros, fits; null where none runs. */
export function processWith(fits: (words: string) => boolean): number | null {
  const found = pids().find((pid) => {
    try {
      return fits(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      return false; // It ended meanwhile.
    }
  });
  return found ?? null;
}

/** Processes whose working directory is this folder or lies in it, all or those of a name: `git`. */
export function processesIn(folder: string, name?: string): number[] {
  return pids().filter((pid) => {
    try {
      const cwd = readlinkSync(`/proc/${pid}/cwd`);
      if (cwd !== folder && !cwd.startsWith(`${folder}/`)) return false;
      return name === undefined || readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name;
    } catch {
      return false;
    }
  });
}

/** Sends a signal; false where there is nobody to take it. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
