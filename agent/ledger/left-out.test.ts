import { expect, it } from 'vitest';
import type { Sprint, SprintRun } from '#contract/sprint';
import { exampleSprint, exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { contentsOf } from './contents.ts';
import { leftOut, notMerged } from './left-out.ts';

const task = exampleTask();
const profile = {
  ...task.contract.profiles.tiny,
  noise: { screen: 0.01, rank: 0.01, full: 0.01, from: 'stated' },
} as never;
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** A sprint that is open from one minute to another, and its verdict. */
function sprint(id: string, opened: number, closed: number, f1: number, over: Partial<Sprint> = {}): Sprint {
  const run = { id: `run-${id}`, experiment: 'plain', settings: {}, tree: id } as SprintRun;
  const one = exampleSprint({
    ...{ id, number: opened + 1, candidate: run.id, runs: [run], openedAt: at(opened), closedAt: at(closed) },
    verdict: exampleVerdict({ run: run.id, metrics: { f1, mcc: 0.6 } }),
    ...over,
  });
  return { ...one, change: { ...one.change, kept: one.outcome === 'new-best' } };
}
const lost = (id: string, opened: number, closed: number, f1: number, over: Partial<Sprint> = {}) =>
  sprint(id, opened, closed, f1, { outcome: 'no-gain', ...over });
const out = (...board: Sprint[]) => leftOut(board, { task, profile });

const base = sprint('base', 0, 1, 0.5);
const first = sprint('first', 2, 4, 0.7);

it('is a gain over the best that it began with, but not over the one that came between', () => {
  const beside = lost('beside', 3, 6, 0.6);
  expect(out(base, first, beside)).toEqual([{ base: 'base', best: 'first', left: 'beside' }]);
  // No gain even so, or made after the other.
  expect(out(base, first, lost('beside', 3, 6, 0.505))).toEqual([]);
  expect(out(base, first, lost('after', 5, 6, 0.6))).toEqual([]);
});

it('is a best that another one, made beside it, has replaced', () => {
  const second = sprint('second', 3, 6, 0.8);
  expect(out(base, first, second)).toEqual([{ base: 'base', best: 'second', left: 'first' }]);
  expect(out(base, first, sprint('second', 5, 6, 0.8))).toEqual([]);
  // A later best that is built on the second lacks the first too.
  expect(out(base, first, second, sprint('third', 7, 8, 0.9))).toEqual([
    { base: 'base', best: 'third', left: 'first' },
  ]);
});

it('is none without a best that both began with, and none that stands apart or fails a guard', () => {
  expect(out(sprint('one', 0, 2, 0.5), sprint('two', 1, 3, 0.6))).toEqual([]);
  const beside = lost('beside', 3, 6, 0.6);
  const [run] = beside.runs;
  expect(out(base, first, { ...beside, runs: [{ ...run, from: 'run-base' } as SprintRun] })).toEqual([]);
  const worse = exampleVerdict({ metrics: { f1: 0.6, mcc: 0.1 } });
  expect(out(base, first, { ...beside, verdict: worse })).toEqual([]);
  expect(out(base, first, { ...beside, outcome: 'invalid' })).toEqual([]);
});

it('is put together once, unless that was cut off', () => {
  const beside = lost('beside', 3, 6, 0.6);
  const pair = { base: 'base', best: 'first', left: 'beside' };
  const both = (over: Partial<Sprint>) => lost('both', 7, 8, 0.65, { combines: pair, ...over });
  expect(out(base, first, beside, both({}))).toEqual([]);
  expect(out(base, first, beside, both({ outcome: 'interrupted' }))).toEqual([pair]);
});

it('stands in the best that it was merged into, and in all that is built on that', () => {
  const pair = { base: 'base', best: 'second', left: 'first' };
  const both = sprint('both', 7, 8, 0.9, { combines: pair });
  const board = [base, first, sprint('second', 3, 6, 0.8), both];
  expect(contentsOf(board)).toEqual(new Set(['base', 'second', 'first', 'both']));
  expect(contentsOf([...board, sprint('next', 9, 10, 0.95)])).toContain('first');
});

it('goes to a researcher where it was not merged, until one was asked', () => {
  const pair = { base: 'base', best: 'first', left: 'beside', trouble: 'both changed work/a' };
  const both = lost('both', 7, 8, 0, { combines: pair });
  expect(notMerged([base, both]).map(({ id }) => id)).toEqual(['both']);
  expect(notMerged([both, lost('asked', 9, 10, 0, { handed: 'both' })])).toEqual([]);
  expect(notMerged([both, lost('cut', 9, 10, 0, { handed: 'both', outcome: 'interrupted' })])).toHaveLength(
    1,
  );
});
