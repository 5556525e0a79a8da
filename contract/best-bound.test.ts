import { expect, it } from 'vitest';
import { boundVariable, mayBeBest } from './best-bound.ts';

const may = (value: number, goal: 'max' | 'min', bound?: number) =>
  mayBeBest(value, goal, boundVariable(bound));

it('lets every value be the best where no bound is told', () => {
  expect([may(0, 'max'), may(9, 'min'), mayBeBest(0, 'max', { LOOP_BEST_BOUND: '' })]).toEqual([
    true,
    true,
    true,
  ]);
  expect(mayBeBest(0, 'max', { LOOP_BEST_BOUND: 'much' })).toBe(true);
});

it('compares in the direction of the goal', () => {
  expect([0.79, 0.8, 0.81].map((value) => may(value, 'max', 0.8))).toEqual([false, true, true]);
  expect([0.79, 0.8, 0.81].map((value) => may(value, 'min', 0.8))).toEqual([true, true, false]);
  expect([may(1, 'max', Number.POSITIVE_INFINITY), may(1, 'min', Number.NEGATIVE_INFINITY)]).toEqual([
    false,
    false,
  ]);
});
