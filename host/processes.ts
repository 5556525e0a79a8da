import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Stands in the environment of every child that we start, and so of its children, also of those that leave its group. */
const MARK = 'LOOP_CHILD';
/** Beside it, another for each child: what it starts is found by it when the child itself is gone. */
const RUN = 'LOOP_RUN';

/** Whether processes that are not our children can be seen at all. */
export const seesProcesses = (): boolean => existsSync('/proc/self/stat');

/** A process, named for good. */
export interface Named {
  pid: number;
  start: string;
}

interface Stat {
  pid: number;
  zombie: boolean;
  parent: number;
  group: number;
  start: string;
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets, which may hold anything; the third stands after the last bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [parent, group] = [Number(fields[1]), Number(fields[2])];
    return { pid, zombie: fields[0] === 'Z', parent, group, start: fields[19] };
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

/**
 * Whether the very process that was recorded still runs; one that took over its pid does not count. Without /proc its pid alone tells.
 */
export function isAlive(pid: number, start: string | null): boolean {
  if (start === null && !seesProcesses()) return pid > 0 && signal(pid, 0);
  const stat = readStat(pid);
  return stat !== null && start !== null && stat.start === start && !stat.zombie;
}

/**
 * An environment with the mark of this process: its pid and start time, the namespace in which they count, and its folder; and with that of
 * a child, where one is named.
 */
export function marked(env: Readonly<Record<string, string>>, child?: string): Record<string, string> {
  const mark = [process.pid, processStart(process.pid), namespace(), process.cwd()].join(' ');
  return { ...env, [MARK]: mark, ...(child === undefined ? {} : { [RUN]: child }) };
}

let children = 0;
/** A name for a child that no other has, of this process or of one before it. */
export const newMark = (): string =>
  `${process.pid}-${processStart(process.pid)}-${Date.now()}-${++children}`;

/** What carries this mark, wherever it went: in a session of its own, with init as its parent. */
export function markedWith(mark: string): Named[] {
  const entry = Buffer.from(`${RUN}=${mark}\0`);
  return pids().flatMap((pid) => {
    // Before its environment is looked at: what takes over the pid after that has another start.
    const stat = readStat(pid);
    if (!stat || stat.zombie || pid === process.pid) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`);
      const at = environment.indexOf(entry);
      return at === 0 || environment[at - 1] === 0 ? [{ pid, start: stat.start }] : [];
    } catch {
      return []; // Not ours to look at, or ended meanwhile.
    }
  });
}

/** Kills what carries a mark. How many there were. */
export function killMarked(mark: string): number {
  return markedWith(mark).filter(({ pid, start }) => isAlive(pid, start) && signal(pid, 'SIGKILL')).length;
}

/** The same until none is left, also of those that go on forking. Gives up on what does not end, held by a driver or a disk. */
export async function endMarked(mark: string): Promise<void> {
  for (let waited = 0; waited < ORPHANS_END_MS && killMarked(mark) > 0; waited += 25) await sleep(25);
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

interface Owner {
  pid: number;
  start: string;
  namespace: string;
  folder: string;
}

/** Who started a process, as its mark says. Null for a process that is not ours, or not ours to look at. */
function ownerOf(pid: number): Owner | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const mark = environment.find((entry) => entry.startsWith(`${MARK}=`));
    const match = /=(\d+) (\d+) (\S+) (.+)$/.exec(mark ?? '');
    return match && { pid: Number(match[1]), start: match[2], namespace: match[3], folder: match[4] };
  } catch {
    return null;
  }
}

const ORPHANS_END_MS = 5000;

/**
 * Kills what was started by processes that ran in this folder and are gone: a kill -9 leaves no time for that, and may come before
 * anything was written down. Resolves when none is left, also of those that go on forking; gives how many there were.
 */
export async function endOrphans(folder: string): Promise<number> {
  const ended = new Set<number>();
  for (let waited = 0; waited < ORPHANS_END_MS; waited += 25) {
    const left = orphansOf(folder);
    if (left.length === 0) break;
    for (const pid of left) if (signal(pid, 'SIGKILL')) ended.add(pid);
    await sleep(25);
  }
  return ended.size;
}

function orphansOf(folder: string): number[] {
  const here = namespace();
  return pids().filter((pid) => {
    const owner = ownerOf(pid);
    if (owner?.namespace !== here || owner.folder !== folder) return false;
    return !isAlive(owner.pid, owner.start);
  });
}

/** Of all processes that can be seen: none where there is no /proc. */
const pids = () =>
  seesProcesses()
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : [];

/** Members of the recorded group that live: all where its leader is the recorded one, else those with our mark. */
function members(leader: number, start: string): number[] {
  const now = readStat(leader);
  if (now && now.start !== start) return [];
  return pids()
    .map(readStat)
    .filter((stat) => stat !== null && stat.group === leader && !stat.zombie)
    .map((stat) => (stat as Stat).pid)
    .filter((pid) => now !== null || ownerOf(pid) !== null);
}

/** A process, its group, what carries its mark, and all that they started, as far as its parents still live. */
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

/**
 * Waits until nothing of a group that was killed is left: its memory and its GPU are free then. Gives up after `patienceMs` on what
 * does not end, held by a driver or a disk.
 */
export async function groupEnded(leader: number, patienceMs = 5000): Promise<void> {
  const lives = () =>
    pids()
      .map(readStat)
      .some((stat) => stat !== null && stat.group === leader && !stat.zombie);
  const until = Date.now() + patienceMs;
  // A signal of 0 is answered at once where there is no such group; dead ones that nobody has reaped answer it too.
  while (Date.now() < until && signal(-leader, 0) && lives()) await sleep(10);
}

/** Sends a signal to a whole group; false where it is gone. */
export const signalGroup = (pid: number, name: NodeJS.Signals): boolean => signal(-pid, name);

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
