import type { Config } from '../config/config.ts';
import type { SecretStore } from './store.ts';

/**
 * Begins to draw the secret world of the next run that needs another one than this run. Both runs of a pair
 * wait for the same world, and a card that trains waits for none. What fails here is drawn, and told, when a
 * run needs it; one that no run of this candidate needs is that of the next candidate.
 */
export function drawAhead(
  { task, repo, profileName, leaderboard }: Config,
  store: Pick<SecretStore, 'world'>,
  jobs: readonly { draw: number }[],
  job: { draw: number },
): void {
  const next = jobs.slice(jobs.indexOf(job)).find(({ draw }) => draw !== job.draw);
  if (next) store.world({ task, repo, profileName, leaderboard, draw: next.draw }).catch(() => {});
}
