import { expect, it } from 'vitest';
import { run } from '../fixtures/staged.ts';
import { referencesTo } from './references.ts';
import type { KnownRun } from './rows.ts';

const known = (id: string, more: Partial<KnownRun> = {}, from?: string): KnownRun => ({
  ...{ run: run('t', 100, 0.5, { id, from }), profile: 'tiny', sprint: null, time: null },
  ...more,
});
const sprint = { id: 's1', candidate: null, verdict: null };
const all = [
  ...[known('free'), known('night', { sprint }), known('swept')],
  ...[known('first'), known('second', {}, 'first'), known('third', { sprint }, 'second')],
];
const summaries = [{ name: 'ablations', runs: ['swept', 'gone'] }];
const of = (...ids: string[]) =>
  Object.fromEntries(
    referencesTo(
      all.filter((each) => ids.includes(each.run.id)),
      all,
      summaries,
    ),
  );

it('a run by hand that no sweep lists is free', () => {
  expect(of('free')).toEqual({});
  expect(of('night', 'swept')).toEqual({ night: ['sprint s1'], swept: ['sweep ablations'] });
});

it('a run that stays keeps the one that it began with, and that one the one before', () => {
  expect(of('first')).toEqual({ first: ['run second, which began with it'] });
  expect(of('first', 'second')).toEqual({
    ...{ first: ['run second, which began with it'], second: ['run third, which began with it'] },
  });
  const without = all.filter((each) => each.run.id !== 'third');
  const both = without.filter(({ run: { id } }) => id === 'first' || id === 'second');
  expect(referencesTo(both, without, summaries).size).toBe(0);
});
