import { expect, it } from 'vitest';
import type { StopCode } from '#contract/stop';
import { planNight } from './plan.ts';
import { wrongWith } from './start.ts';

const [plan] = planNight(0);
const sprints = plan.sprints.length;
const well = {
  ...{ sprints, kills: 2, exitCode: 0, code: 'stop' as StopCode, reason: 'the file STOP' },
  ...{ booked: 1.2, held: 0, billed: 1 },
};
const wrong = ({ billed, ...result }: typeof well) => wrongWith(plan, result, billed);

it('finds nothing wrong with a loop that went by its plan', () => {
  expect(wrong(well)).toEqual([]);
  // The same sum, added up in another order.
  expect(wrong({ ...well, billed: 1.2 + 1e-12 })).toEqual([]);
});

it.each([
  ['another exit code', { exitCode: 3 }, 'ended with 3'],
  [
    'another code',
    { code: 'money' as const, reason: 'the money limit' },
    'because of "the money limit" (money)',
  ],
  ['a sprint too few', { sprints: sprints - 1 }, `${sprints - 1} sprints of ${sprints}`],
  ['more booked than 1.3 times the bill', { booked: 1.31 }, '1.3100 USD were booked, and 1.0000 billed'],
  ['more billed than booked and held', { booked: 0.5, held: 0.4 }, '0.9000 booked and held'],
  ['more billed than the limit', { billed: 101, booked: 101 }, '101.0000 USD were billed, of 100'],
])('finds %s', (_, change, words) => {
  expect(wrong({ ...well, ...change })).toEqual([expect.stringContaining(words)]);
});
