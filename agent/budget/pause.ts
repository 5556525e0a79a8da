import { existsSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pausePath } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Stopper } from './stop.ts';
import { loopSecondsLeft } from './time-left.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  journal: Journal;
  stopper: Stopper;
}

const LOOK_MS = 250;

/**
 * Whether the loop is paused. The only sign is a file, which `npm run pause` makes and `npm run resume`
 * removes.
 */
export const isPaused = (repo: string): boolean => existsSync(pausePath(repo));
export const pausedSince = (repo: string): string | null =>
  statSync(pausePath(repo), { throwIfNoEntry: false })?.mtime.toISOString() ?? null;

/**
 * Waits while the loop is paused. Returns at `npm run resume`, when the loop is asked to stop or its time is
 * up, or when `wanted` turns false. Limits keep counting meanwhile.
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
