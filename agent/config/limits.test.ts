import { expect, it } from 'vitest';
import { zone } from '../common/clock.ts';
import { exampleTask } from '../fixtures/examples.ts';
import { optionsFor } from '../fixtures/loop.ts';
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
    `until Fri Jan 02 2026 07:30 (${zone(limits.until)}), any number of sprints, no money limit, 1000 tokens; a sprint: 50 turns, 2 USD, 1.5 h`,
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
  // The time of day passed between the crash and the restart; a restart a day later is a new night.
  const until = optionsFor('', { until: '21:55' });
  expect(limitsOf(until, task, after).until).toEqual(new Date(2026, 0, 1, 21, 55));
  const dayBefore = cutOffAt(new Date(2025, 11, 31, 21, 50));
  expect(limitsOf(until, task, dayBefore).until).toEqual(new Date(2026, 0, 2, 21, 55));
});

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
