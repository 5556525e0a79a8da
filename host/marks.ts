import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, namespace, pids, processStart, readStat, signal } from './processes.ts';

/**
 * Stands in the environment of every child that we start, and so of its children, also of those that leave
 * its group.
 */
const MARK = 'LOOP_CHILD';
/** Beside it, another for each child: what it starts is found by it when the child itself is gone. */
const RUN = 'LOOP_RUN';
/** How long what does not end is killed again: it is held by a driver or a disk, or goes on forking. */
const ORPHANS_END_MS = 5000;

/** A process, named for good. */
export interface Named {
  pid: number;
  start: string;
}

/**
 * An environment with the mark of this process: its pid and start time, the namespace in which they count,
 * and its folder; and with that of a child, where one is named.
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

/**
 * The same until none is left, also of those that go on forking. Gives up on what does not end, held by a
 * driver or a disk.
 */
export async function endMarked(mark: string): Promise<void> {
  for (let waited = 0; waited < ORPHANS_END_MS && killMarked(mark) > 0; waited += 25) await sleep(25);
}

interface Owner {
  pid: number;
  start: string;
  namespace: string;
  folder: string;
}

/** Who started a process, as its mark says. Null for a process that is not ours, or not ours to look at. */
export function ownerOf(pid: number): Owner | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const mark = environment.find((entry) => entry.startsWith(`${MARK}=`));
    const [, owner, start, namespace, folder] = /=(\d+) (\d+) (\S+) (.+)$/.exec(mark ?? '') ?? [];
    return start && namespace && folder ? { pid: Number(owner), start, namespace, folder } : null;
  } catch {
    return null;
  }
}

/**
 * Kills what was started by processes that ran in this folder and are gone: a kill -9 leaves no time for
 * that, and may come before anything was written down. Resolves when none is left, also of those that go on
 * forking; gives how many there were.
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
