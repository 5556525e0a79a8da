import { expect, it } from 'vitest';
import type { Event } from '#contract/event';
import type { Config } from '../config/config.ts';
import { handJournal, loopStarted } from '../fixtures/journal.ts';
import { sprintSecondsLeft } from './time-left.ts';

it('the hours of a sprint leave out the time between a crash and the next start', () => {
  const { time, journal } = handJournal();
  const limits = { sprint: { usd: null, hours: 1, turns: 200 } };
  const at = (minutes: number, event: Event) => {
    time.seconds = minutes * 60;
    journal.emit(event);
  };
  at(0, loopStarted());
  at(10, { type: 'sprint.opened', number: 1, treeBefore: '' });
  at(40, { type: 'loop.notice', level: 'info', text: 'the last word before the crash' });
  at(595, loopStarted({ resumed: true }));
  time.seconds = 600 * 60;
  expect(sprintSecondsLeft({ config: { limits } as Config, journal }) / 60).toBeCloseTo(60 - 30 - 5);
});
