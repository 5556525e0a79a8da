import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stateDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Stopper } from './stop.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Config;
  journal: Journal;
  stopper: Stopper;
}

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
export async function whilePaused(loop: LoopParts, wanted: () => boolean = () => true): Promise<void> {
  const {
    config: { repo, limits },
    journal,
    stopper,
  } = loop;
  const over = () =>
    !isPaused(repo) || !wanted() || stopper.requested() !== null || Date.now() >= limits.until.getTime();
  if (over()) return;
  if (loop.journal.state().paused === null) journal.emit({ type: 'loop.paused' });
  while (!over()) await sleep(LOOK_MS);
  if (loop.journal.state().paused !== null && !isPaused(repo)) journal.emit({ type: 'loop.continued' });
}
