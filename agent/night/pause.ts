import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type House, stateDir } from '../house.ts';

const LOOK_MS = 250;

/** The file that says so: made by `npm run pause`, taken away by `npm run resume`, and by nothing else. */
export const pauseFile = (repo: string) => join(stateDir(repo), 'pause');
export const isPaused = (repo: string): boolean => existsSync(pauseFile(repo));
export const pausedSince = (repo: string): string | null =>
  statSync(pauseFile(repo), { throwIfNoEntry: false })?.mtime.toISOString() ?? null;

/**
 * Comes back at once, or when the pause is over: by `npm run resume`, because the loop was asked to stop or its time is up, or because
 * what was to come is not wanted any more. Limits count on meanwhile.
 */
export async function whilePaused(house: House, wanted: () => boolean = () => true): Promise<void> {
  const { repo, events, stopper, limits } = house;
  const over = () =>
    !isPaused(repo) || !wanted() || stopper.requested() !== null || Date.now() >= limits.until.getTime();
  if (over()) return;
  if (house.state().paused === null) events.emit({ type: 'loop.paused' });
  while (!over()) await sleep(LOOK_MS);
  if (house.state().paused !== null && !isPaused(repo)) events.emit({ type: 'loop.continued' });
}
