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

/** Reads /proc/<pid>/stat; null where there is no such process, or no /proc. */
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
 * When the process started, in clock ticks since boot (field 22 of /proc/<pid>/stat). With the pid it
 * identifies a process. Null where there is no such process, or no /proc.
 */
export function processStart(pid: number): string | null {
  return readStat(pid)?.start ?? null;
}

/**
 * Whether the recorded process still runs; another process that has taken over its pid does not count.
 * Without /proc only the pid is checked.
 */
export function isAlive(pid: number, start: string | null): boolean {
  if (start === null && !seesProcesses()) return pid > 0 && signal(pid, 0);
  const stat = readStat(pid);
  return stat !== null && start !== null && stat.start === start && !stat.zombie;
}

/** The kernel's id of the present boot; null where the kernel does not say. */
export function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

/**
 * The pid namespace of this process. A container has its own, and pids of another namespace mean nothing
 * here.
 */
export function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return 'unknown';
  }
}

/** The pids of all processes that can be seen; none where there is no /proc. */
export const pids = () =>
  seesProcesses()
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : [];

/**
 * The pid of a process whose command line `fits` (words separated by zero bytes); null where there is none.
 */
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

/**
 * The pids of processes whose working directory is this folder or lies in it; with `name`, only those of that
 * name, such as `git`.
 */
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

/** Sends a signal; false where that fails, as for a process that is gone. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
