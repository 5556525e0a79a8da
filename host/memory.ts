import { readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { familyOf } from './groups.ts';

/**
 * How many processes the kernel has killed for want of memory since the machine started; 0 where it does not
 * say.
 */
export function memoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Where memory runs out the kernel takes this process, and what it starts from now on, before it takes us.
 */
export function goesFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {} // It has ended already, or there is no /proc.
}

/**
 * Bytes that a process and all that it started hold for themselves, in memory or swapped out, also what left
 * it and carries its mark; 0 where there is no /proc.
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
