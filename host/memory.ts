import { readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { familyOf } from './groups.ts';

/**
 * The number of processes that the kernel has killed for lack of memory since the machine started; 0 where
 * the kernel does not report it.
 */
export function memoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Makes the kernel kill this process, and what it starts from now on, before us where memory runs out. */
export function goesFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {} // It has ended already, or there is no /proc.
}

/**
 * The bytes that a process, all that it started and all that carries its mark hold for themselves, in memory
 * or swapped out; 0 where there is no /proc.
 */
export function memoryOf(pid: number, mark?: string): number {
  const held = (status: string) =>
    [...status.matchAll(/^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB$/gm)].reduce(
      (sum, m) => sum + Number(m[1]),
      0,
    );
  return familyOf(pid, mark).reduce((sum, member) => {
    try {
      return sum + held(readFileSync(`/proc/${member}/status`, 'utf8')) * 1024;
    } catch {
      return sum; // It ended meanwhile.
    }
  }, 0);
}

/** Bytes of memory that the machine has, or the container. */
export function machineMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
