import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { interrupted, lista, sprints } from '../fixtures/load.ts';
import { seedsOf, stepsOf } from './evidence.ts';

it('names the gains in their order, with what each added', () => {
  const steps = stepsOf(sprints);
  expect(steps.map(({ sprint, gain }) => [sprint.number, gain === null])).toEqual([
    [1, true],
    [2, false],
    [3, false],
  ]);
  expect(steps[2]?.gain).toBeCloseTo(0.038);
});

it('finds the verdicts of the same recipe on other seeds, and of no other recipe', () => {
  expect(seedsOf(lista, sprints)).toBeNull();
  const [run] = lista.runs;
  if (!run?.verdict) throw new Error('the fixture has a verdict');
  const other = (seed: number, f1: number, change = {}) => ({
    ...run,
    ...{ id: `again-${seed}`, seed, ...change },
    verdict: { ...(run.verdict as NonNullable<typeof run.verdict>), metrics: { f1 } },
  });
  const later: Sprint = {
    ...interrupted,
    runs: [other(1, 0.862), other(2, 0.882), other(3, 0.1, { samples: 5 }), other(4, 0.1, { tree: 'x' })],
  };
  const seeds = seedsOf(lista, [...sprints, later]);
  expect(seeds).toMatchObject({ n: 3 });
  expect(seeds?.mean).toBeCloseTo(0.872);
  expect(seeds?.spread).toBeCloseTo(0.01);
});
