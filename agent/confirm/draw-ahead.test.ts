import { expect, it } from 'vitest';
import type { Config } from '../config/config.ts';
import { drawAhead } from './draw-ahead.ts';
import type { SecretStore } from './store.ts';

const config = { profileName: 'tiny', leaderboard: 'tiny-1' } as Config;

it('begins to draw the world of the next run on another one, and passes over a failure', async () => {
  const asked: number[] = [];
  const world: SecretStore['world'] = ({ draw }) => {
    asked.push(draw);
    return Promise.reject(new Error('no memory'));
  };
  const jobs = [0, 0, 1, 2, 2].map((draw) => ({ draw }));
  for (const job of jobs) drawAhead(config, { world }, jobs, job);
  // A rejection that nobody takes ends the test.
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([1, 1, 2]);
});
