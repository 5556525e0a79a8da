import { writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';

const LAST = 19;

/** Words that start a command so that it runs when nothing else wants a core. */
export const inBackground = (argv: readonly string[]): string[] => ['nice', '-n', `${LAST}`, ...argv];

/** Whether this process was started so: what it starts is to give way too. */
export const isInBackground = (): boolean => getPriority() === LAST;

/**
 * Gives a session that was started so the lowest priority among the sessions: where the kernel groups
 * processes by session (sched_autogroup), `nice` counts within a session alone.
 */
export function lastOfSessions(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, `${LAST}`);
  } catch {
    // The kernel has no such groups, or the process has ended.
  }
}
