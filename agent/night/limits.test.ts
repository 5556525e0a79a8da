import { expect, it } from 'vitest';
import { exampleTask } from '../fixtures/examples.ts';
import { optionsFor } from '../fixtures/house.ts';
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
  const target = { metric: 'loss', value: 1 };
  expect(() => limitsOf(optionsFor('', { target }), task, since)).toThrow(
    'has no such metric; it has: f1, mcc',
  );
});
