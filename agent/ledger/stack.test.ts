import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { exampleSprint } from '../fixtures/examples.ts';
import { beforeStack, MOST_STACKED, stackOf } from './stack.ts';

const sprint = (outcome: Sprint['outcome'], change: Partial<Sprint['change']> = {}): Sprint => {
  const one = exampleSprint();
  return { ...one, outcome, change: { ...one.change, infrastructure: false, ...change } };
};
const full = Array.from({ length: MOST_STACKED }, (_, at) => sprint('stacked', { treeBefore: `tree ${at}` }));

it('is what was stacked since the best, or since it was taken back', () => {
  expect(stackOf([])).toEqual([]);
  expect(stackOf([...full, sprint('new-best'), sprint('no-gain'), sprint('stacked')])).toHaveLength(1);
  expect(stackOf([...full, sprint('no-gain', { takenBack: MOST_STACKED }), sprint('stacked')])).toHaveLength(
    1,
  );
});

it('is taken back when it is full, unless infrastructure would be lost', () => {
  expect(beforeStack(full.slice(1))).toBeNull();
  expect(beforeStack([sprint('new-best'), ...full])).toBe('tree 0');
  expect(beforeStack([...full, sprint('no-gain', { kept: true, infrastructure: true })])).toBeNull();
});
