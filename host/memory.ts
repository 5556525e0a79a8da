import { readFileSync, writeFileSync } from 'node:fs';

/** How many processes the kernel has killed for want of memory since the machine started; 0 where it does not say. */
export function memoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Where memory runs out the kernel takes this process, and what it starts from now on, before it takes us. */
export function goesFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {} // It has ended already, or there is no /proc.
}
