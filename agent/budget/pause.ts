import { existsSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pausePath } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Stopper } from './stop.ts';
import { loopSecondsLeft } from './time-left.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Config;
  journal: Journal;
  stopper: Stopper;
}

const LOOK_MS = 250;

/** Whether `npm run pause` holds the loop: by a file that `npm run resume` takes away, and nothing else. */
export const isPaused = (repo: string): boolean => existsSync(pausePath(repo));
export const pausedSince = (repo: string): string | null =>
  statSync(pausePath(repo), { throwIfNoEntry: false })?.mtime.toISOString() ?? null;

/**
 * Comes back at once, or when the pause is over: by `npm run resume`, because the loop was asked to stop or
 * its time is up, or because what was to come is not wanted any more. Limits count on meanwhile.
 */
export async function whilePaused(loop: LoopParts, wanted: () => boolean = () => true): Promise<void> {
  const {
    config: { repo },
    journal,
    stopper,
  } = loop;
  const over = () =>
    !isPaused(repo) || !wanted() || stopper.requested() !== null || loopSecondsLeft(loop) <= 0;
  if (over()) return;
  if (loop.journal.state().paused === null) journal.emit({ type: 'loop.paused' });
  while (!over()) await sleep(LOOK_MS);
  if (loop.journal.state().paused !== null && !isPaused(repo)) journal.emit({ type: 'loop.continued' });
}
