import { setTimeout as sleep } from 'node:timers/promises';
import type { Ahead } from '../executor/judging-ahead.ts';

/**
 * How long what has begun ahead, in the background, may still take when its result is asked for: about as
 * long as it takes anew in a small world, so that waiting in vain costs no more than a second beginning.
 */
const PATIENCE_MS = 5000;
export const patience = (): Promise<null> => sleep(PATIENCE_MS, null, { ref: false });

/** Whether something done ahead comes to its end in time. */
export async function inTime(
  { now, end }: Ahead<true>,
  out: () => Promise<null> = patience,
): Promise<boolean> {
  const isDone = await Promise.race([now(), out()]);
  if (!isDone) await end();
  return isDone ?? false;
}
