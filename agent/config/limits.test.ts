import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { zone } from '../common/clock.ts';
import { eventsPath } from '../common/paths.ts';
import { exampleTask } from '../fixtures/examples.ts';
import { loopIn, optionsFor, tinyRepository } from '../fixtures/loop.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readEvents } from '../journal/events.ts';
import { readStatus } from '../screen/status.ts';
import type { Loop } from '../start/open-loop.ts';
import { preflight } from '../start/preflight.ts';
import { rereadTask } from '../start/reread.ts';
import type { Limits } from './config.ts';
import { limitsInWords, limitsOf, nextTime } from './limits.ts';

const since = new Date(2026, 0, 1, 22, 0);
const fresh = { since, takenUp: null };
const task = exampleTask((contract) => {
  contract.limits.sprint = { usd: 2, hours: null, turns: 50 };
});

it('takes what was asked for, and TASK.md for the rest', () => {
  const asked = optionsFor('', { maxUsd: 'none', until: '07:30', sprintHours: 1.5, maxTokens: 1000 });
  const limits = limitsOf(asked, task, fresh);
  expect(limits).toMatchObject({ usd: null, sprint: { usd: 2, hours: 1.5, turns: 50 } });
  expect(limits.until).toEqual(new Date(2026, 0, 2, 7, 30));
  expect(limitsInWords(limits)).toBe(
    `until Fri Jan 02 2026 07:30 (${zone(limits.until)}), any number of sprints, no limit of money, 1000 tokens; a sprint: 50 turns, 2 USD, 1.5 h`,
  );
  const own = limitsOf(optionsFor('', { maxUsd: 3 }), task, fresh);
  expect(own).toMatchObject({ usd: 3, sprints: null, sprint: { usd: 2, hours: null, turns: 50 } });
  expect(own.until).toEqual(new Date(2026, 0, 1, 23, 0));
});

it('takes the hours off that a loop had worked before it was cut off; a time of day stays', () => {
  const cutOffAt = (lastHeardAt: Date) => {
    return { since, takenUp: { seconds: 45 * 60, usd: 0, lastHeardAt: lastHeardAt.toISOString() } };
  };
  const after = cutOffAt(new Date(2026, 0, 1, 21, 50));
  expect(limitsOf(optionsFor(''), task, after).until).toEqual(new Date(2026, 0, 1, 22, 15));
  expect(limitsOf(optionsFor('', { until: '07:30' }), task, after).until).toEqual(
    new Date(2026, 0, 2, 7, 30),
  );
  // It came between the crash and the restart; a day later it is another night.
  const until = optionsFor('', { until: '21:55' });
  expect(limitsOf(until, task, after).until).toEqual(new Date(2026, 0, 1, 21, 55));
  const dayBefore = cutOffAt(new Date(2025, 11, 31, 21, 50));
  expect(limitsOf(until, task, dayBefore).until).toEqual(new Date(2026, 0, 2, 21, 55));
});

it('counts the hours over every crash, and begins them anew only after an end of its own', async () => {
  const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
  /** Makes of the last loop one that was started so long before its end, and came to no end: it was cut off. */
  const cutOff = (minutes: number) => {
    const path = eventsPath(repo);
    const events = readEvents(path);
    const first = events.findLast((event) => event.type === 'loop.started')!;
    const last = events.pop()!;
    first.at = new Date(Date.parse(last.at) - minutes * 60_000).toISOString();
    events.push({ ...last, type: 'loop.notice', level: 'info', text: 'its last word' });
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
  // Of the hour that TASK.md gives, and again after an edit of it.
  expect(minutesLeft(loop!.config)).toBe(40);
  const edited = await rereadTask(loop!);
  expect(minutesLeft(edited.config)).toBe(40);
  cutOff(15);
  expect(minutesLeft(await preflight(optionsFor(repo)))).toBe(25);
  expect(readStatus(repo).workedSeconds).toBeCloseTo(35 * 60);
  cutOff(60);
  const { code, events } = await loopIn(repo);
  expect(code).toBe(0);
  expect(events.at(-1)).toMatchObject({ type: 'loop.stopped', reason: 'the time is up' });
  expect(minutesLeft(await preflight(optionsFor(repo)))).toBe(60);
}, 120_000);

it('takes a time of day for the next one, and refuses what is none, and a target that is not measured', () => {
  expect(nextTime('22:00', since)).toEqual(new Date(2026, 0, 2, 22, 0));
  expect(nextTime('22:01', since)).toEqual(new Date(2026, 0, 1, 22, 1));
  for (const text of ['24:00', '7', 'noon']) expect(() => nextTime(text, since)).toThrow('a time of day');
  const target = { metric: 'loss', sign: '=', value: 1 } as const;
  expect(() => limitsOf(optionsFor('', { target }), task, fresh)).toThrow(
    'has no such metric; it has: f1, mcc',
  );
});

it('takes a target of the deciding metric by its goal, and of other fields as it is written', () => {
  const targetOf = (metric: string, sign: '=' | '>=' | '<=', goal: 'max' | 'min' = 'max') =>
    limitsOf(
      optionsFor('', { target: { metric, sign, value: -0.5 } }),
      exampleTask((contract) => {
        contract.goal = goal;
      }),
      fresh,
    ).target;
  expect(targetOf('f1', '=')).toEqual({ metric: 'f1', sign: '>=', value: -0.5 });
  expect(targetOf('f1', '=', 'min')?.sign).toBe('<=');
  expect(targetOf('mcc', '<=')?.sign).toBe('<=');
  expect(() => targetOf('mcc', '=')).toThrow('write "mcc>=-0.5" or "mcc<=-0.5"');
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
