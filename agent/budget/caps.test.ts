import { expect, it } from 'vitest';
import type { Event } from '#contract/event';
import type { Config } from '../config/config.ts';
import { fold } from '../journal/fold.ts';
import type { Journal } from '../journal/journal.ts';
import { nothingYet } from '../journal/state.ts';
import { sprintSecondsLeft } from './caps.ts';

it('the hours of a sprint leave out the time between a crash and the next start', () => {
  const started = (resumed: boolean): Event => ({
    ...{ type: 'loop.started', branch: 'run/x', profile: 'tiny', leaderboard: 'x', researcher: 'x' },
    ...{ sandbox: 'x', pid: 1, processStart: null, resumed },
  });
  const told: [number, Event][] = [
    [600, started(false)],
    [590, { type: 'sprint.opened', number: 1, treeBefore: '' }],
    [560, { type: 'loop.notice', level: 'info', text: 'the last word before the crash' }],
    [5, started(true)],
  ];
  const state = told
    .map(([minutes, event], seq) => ({
      ...event,
      seq,
      at: new Date(Date.now() - minutes * 60_000).toISOString(),
    }))
    .reduce(fold, nothingYet);
  const config = { limits: { sprint: { usd: null, hours: 1, turns: 200 } } } as Config;
  const journal = { state: () => state } as Journal;
  expect(sprintSecondsLeft({ config, journal }) / 60).toBeCloseTo(60 - 30 - 5, 0);
});
