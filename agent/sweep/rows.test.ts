import { expect, it } from 'vitest';
import { againstBest, rowsOf, type SweepRun } from './rows.ts';

const run = (k: string, seed: number, f1: number | null): SweepRun => ({
  ...{ name: 'plain', settings: { k, lr: '1' }, seed, run: 'r', reason: null, seconds: 1, backend: null },
  status: f1 === null ? 'diverged' : 'finished',
  ...{ metrics: f1 === null ? {} : { f1 }, also: {} },
});
const runs = [run('2', 0, 0.5), run('2', 1, 0.6), run('3', 0, 0.56), run('3', 1, null), run('4', 0, null)];

it('groups the runs of a combination over seeds', () => {
  const rows = rowsOf(runs, ['k']);
  expect(rows.map(({ name }) => name)).toEqual(['plain k=2', 'plain k=3', 'plain k=4']);
  expect(rows[0]?.mean.f1).toBeCloseTo(0.55);
  expect(rows[0]?.spread.f1).toBeCloseTo(0.0707, 4);
  expect([rows[1]?.mean, rows[1]?.spread, rows[2]?.mean]).toEqual([{ f1: 0.56 }, {}, {}]);
  expect(rowsOf(runs).map(({ name }) => name)).toEqual(['plain']);
});

it('tells on common seeds whether a row is behind the best by more than the noise', () => {
  const rows = rowsOf([...runs, run('5', 0, 0.54), run('5', 1, 0.61)], ['k']);
  // The best is k=5 with 0.575 in the mean.
  const [two, three, four, five] = againstBest(rows, { metric: 'f1', goal: 'max' }, 0.03);
  expect(five).toEqual({ difference: null, best: true, within: null });
  expect(two?.difference).toBeCloseTo(-0.025);
  // 0.03 on one seed, 0.0212 on two.
  expect(two?.within).toBe(false);
  expect(three?.difference).toBeCloseTo(0.02);
  expect(three?.within).toBe(true);
  expect(four).toEqual({ difference: null, best: false, within: null });
  expect(againstBest(rows, { metric: 'f1', goal: 'min' }, null)[0]).toMatchObject({
    best: true,
    within: null,
  });
});
