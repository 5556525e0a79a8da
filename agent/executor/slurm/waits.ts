import { isActive } from './queue.ts';
import type { Known } from './watch.ts';

/** What is known of a job that may wait. */
export interface Waiting {
  /** From Slurm; null where it was not asked yet. */
  known: Known | null;
  /** When the last start of the job was seen in its folder; null where none was. */
  beganAt: number | null;
  /** Whether Slurm does not answer. */
  silent: boolean;
}

/** Why a run does not train now; null where it does. */
export function waitsFor({ known, beganAt, silent }: Waiting): string | null {
  if (!known?.seen || known.at < (beganAt ?? 0)) {
    if (beganAt !== null) return null;
    return silent ? 'Slurm does not answer' : 'submitted';
  }
  const { state, reason } = known.seen;
  if (state === 'PENDING') return reason;
  return beganAt !== null || !isActive(known.seen) ? null : state.toLowerCase();
}
