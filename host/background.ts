import { writeFileSync } from 'node:fs';

/** Words that start a command so that it runs when nothing else wants a core. */
export const inBackground = (argv: readonly string[]): string[] => ['nice', '-n', '19', ...argv];

/**
 * Gives a session that was started so the lowest priority among the sessions: where the kernel groups
 * processes by session (sched_autogroup), `nice` counts within a session alone.
 */
export function lastOfSessions(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, '19');
  } catch {
    // The kernel has no such groups, or the process has ended.
  }
}
