import { expect, it } from 'vitest';
import { exampleTask } from '../fixtures/examples.ts';
import { loopIn, optionsFor, tinyHouse } from '../fixtures/house.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { limitsInWords, limitsOf, nextTime } from './limits.ts';

const since = new Date(2026, 0, 1, 22, 0);
const task = exampleTask((contract) => {
  contract.limits.sprint = { usd: 2, hours: null, turns: 50 };
});

it('takes what was asked for, and TASK.md for the rest', () => {
  const asked = optionsFor('', { maxUsd: 'none', until: '07:30', sprintHours: 1.5, maxTokens: 1000 });
  const limits = limitsOf(asked, task, since);
  expect(limits).toMatchObject({ usd: null, sprint: { usd: 2, hours: 1.5, turns: 50 } });
  expect(limits.until).toEqual(new Date(2026, 0, 2, 7, 30));
  expect(limitsInWords(limits)).toBe(
    'until Fri Jan 02 2026 07:30, any number of sprints, no limit of money, 1000 tokens; a sprint: 50 turns, 2 USD, 1.5 h',
  );
  const own = limitsOf(optionsFor('', { maxUsd: 3 }), task, since);
  expect(own).toMatchObject({ usd: 3, sprints: null, sprint: { usd: 2, hours: null, turns: 50 } });
  expect(own.until).toEqual(new Date(2026, 0, 1, 23, 0));
});

it('takes a time of day for the next one, and refuses what is none, and a target that is not measured', () => {
  expect(nextTime('22:00', since)).toEqual(new Date(2026, 0, 2, 22, 0));
  expect(nextTime('22:01', since)).toEqual(new Date(2026, 0, 1, 22, 1));
  for (const text of ['24:00', '7', 'noon']) expect(() => nextTime(text, since)).toThrow('a time of day');
  const target = { metric: 'loss', sign: '=', value: 1 } as const;
  expect(() => limitsOf(optionsFor('', { target }), task, since)).toThrow(
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
      since,
    ).target;
  expect(targetOf('f1', '=')).toEqual({ metric: 'f1', sign: '>=', value: -0.5 });
  expect(targetOf('f1', '=', 'min')?.sign).toBe('<=');
  expect(targetOf('mcc', '<=')?.sign).toBe('<=');
  expect(() => targetOf('mcc', '=')).toThrow('write "mcc>=-0.5" or "mcc<=-0.5"');
});

it('stops at a target, and before any sprint where it was reached already', async () => {
  const repo = tinyHouse([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
  const opened: number[] = [];
  for (const value of [0.55, 0.5]) {
    const { code, events } = await loopIn(repo, { target: { metric: 'mcc', sign: '>=', value } });
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ reason: 'the target is reached: mcc 0.6, verified' });
    opened.push(events.filter((e) => e.type === 'sprint.opened').length);
  }
  expect(opened).toEqual([1, 0]);
});
