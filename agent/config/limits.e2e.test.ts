import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventsPath } from '../common/paths.ts';
import { loopIn, optionsFor, tinyRepository } from '../fixtures/loop.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readEvents } from '../journal/events.ts';
import { readStatus } from '../screen/status.ts';
import type { Loop } from '../start/open-loop.ts';
import { preflight } from '../start/preflight.ts';
import { rereadTask } from '../start/reread.ts';
import type { Limits } from './config.ts';

it('counts the hours over every crash, and begins them anew only after an end of its own', async () => {
  const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
  /**
   * Rewrites the log so that the last loop started this many minutes before its last event and never ended,
   * as after a crash.
   */
  const cutOff = (minutes: number) => {
    const path = eventsPath(repo);
    const events = readEvents(path);
    const first = events.findLast((event) => event.type === 'loop.started')!;
    const last = events.pop()!;
    first.at = new Date(Date.parse(last.at) - minutes * 60_000).toISOString();
    const { seq, at, researcherId } = last;
    events.push({ seq, at, researcherId, type: 'loop.notice', level: 'info', text: 'its last word' });
    writeFileSync(path, `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
  };
  const minutesLeft = ({ limits, since }: { limits: Limits; since: Date }) =>
    Math.round((limits.until.getTime() - since.getTime()) / 60_000);
  await loopIn(repo, { maxSprints: 1 });
  cutOff(20);
  let loop: Loop | undefined;
  await loopIn(repo, { maxSprints: 1 }, (its) => {
    loop = its;
    return () => {};
  });
  // 40 minutes are left of the hour in TASK.md, also after an edit of it.
  expect(minutesLeft(loop!.config)).toBe(40);
  const edited = await rereadTask(loop!);
  expect(minutesLeft(edited.config)).toBe(40);
  cutOff(15);
  expect(minutesLeft(await preflight(optionsFor(repo)))).toBe(25);
  expect(readStatus(repo).workedSeconds).toBeCloseTo(35 * 60);
  cutOff(60);
  const { code, events } = await loopIn(repo);
  expect(code).toBe(0);
  expect(events.at(-1)).toMatchObject({ type: 'loop.stopped', code: 'time' });
  expect(minutesLeft(await preflight(optionsFor(repo)))).toBe(60);
});

it('stops at a target, and before any sprint where it was reached already', async () => {
  const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
  const opened: number[] = [];
  for (const value of [0.55, 0.5]) {
    const { code, events } = await loopIn(repo, { target: { metric: 'mcc', sign: '>=', value } });
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ reason: 'the target is reached: mcc 0.6, verified' });
    opened.push(events.filter((e) => e.type === 'sprint.opened').length);
  }
  expect(opened).toEqual([1, 0]);
});
