import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, namespace, pids, processStart, readStat, signal } from './processes.ts';

/**
 * The variable with our mark in the environment of every child that we start. All that the child starts
 * inherits it, also what leaves its group.
 */
const MARK = 'LOOP_CHILD';
/**
 * A second variable, with another value for each child: it leads to what a child started when the child is
 * gone.
 */
const RUN = 'LOOP_RUN';
/**
 * Milliseconds for which processes that do not end (a driver or a disk holds them) or go on forking are
 * killed again.
 */
const ORPHANS_END_MS = 5000;

/** A process, identified by its pid and its start time. */
export interface Named {
  pid: number;
  start: string;
}

/**
 * An environment with the mark of this process (its pid, start time, pid namespace and working folder), and
 * with the mark of a child where one is given.
 */
export function marked(env: Readonly<Record<string, string>>, child?: string): Record<string, string> {
  const mark = [process.pid, processStart(process.pid), namespace(), process.cwd()].join(' ');
  return { ...env, [MARK]: mark, ...(child === undefined ? {} : { [RUN]: child }) };
}

/** A command that takes both marks off again: what it leaves to another program is no child of ours. */
export const unmarked = (argv: readonly string[]): string[] => ['env', '-u', MARK, '-u', RUN, ...argv];

let children = 0;
/** A mark for a child that no other child of this process or of an earlier one has. */
export const newMark = (): string =>
  `${process.pid}-${processStart(process.pid)}-${Date.now()}-${++children}`;

/** The processes that carry this mark, also in a session of their own or with init as their parent. */
export function markedWith(mark: string): Named[] {
  const entry = Buffer.from(`${RUN}=${mark}\0`);
  return pids().flatMap((pid) => {
    // Read before the environment: a process that takes over the pid after that has another start time.
    const stat = readStat(pid);
    if (!stat || stat.zombie || pid === process.pid) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`);
      const at = environment.indexOf(entry);
      return at === 0 || environment[at - 1] === 0 ? [{ pid, start: stat.start }] : [];
    } catch {
      return []; // We may not read it, or the process ended meanwhile.
    }
  });
}

/**
 * Kills the processes that carry a mark; returns how many there were. One that ended before it was killed
 * counts: it may have left another.
 */
export function killMarked(mark: string): number {
  const found = markedWith(mark);
  for (const { pid, start } of found) if (isAlive(pid, start)) signal(pid, 'SIGKILL');
  return found.length;
}

/**
 * Repeats killMarked until no process is left, also where they go on forking. Gives up on a process that a
 * driver or a disk keeps from ending.
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

/**
 * The process that started this one, as its mark says. Null for a process without our mark, or one that we
 * may not read.
 */
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
 * Kills what was started by processes that ran in this folder and are gone: a process that gets a kill -9
 * cannot do this itself, and may not have recorded its children. Resolves when none is left, also of those
 * that go on forking; gives how many there were.
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
