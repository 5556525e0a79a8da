import { expect, it } from 'vitest';
import { lista, sprints, task } from '../fixtures/load.ts';
import { counted, plainView, shownRows, type View } from './list.ts';
import type { Board } from './model.ts';
import { indexOf } from './rows.ts';

const index = indexOf(sprints, task, () => ({ commit: null, links: [] }));
const board = index.boards[0] as Board;
const numbers = (view: Partial<View>) =>
  shownRows(index.sprints, board, { ...plainView, ...view }).map(({ number }) => number);

it('puts the best first, whatever is asked, then the newest', () => {
  expect(numbers({})).toEqual([3, 4, 2, 1]);
  expect(numbers({ down: false })).toEqual([3, 1, 2, 4]);
  expect(numbers({ text: 'no such word' })).toEqual([3]);
});

it('sorts by any column; what has no number is last both ways', () => {
  expect(numbers({ sort: 'f1' })).toEqual([3, 2, 1, 4]);
  expect(numbers({ sort: 'f1', down: false })).toEqual([3, 1, 2, 4]);
  expect(numbers({ sort: 'title', down: false })).toEqual([3, 1, 2, 4]);
});

it('filters by words, outcome, metric and cost, all at once', () => {
  expect(numbers({ text: 'Tilt small' })).toEqual([3, 4]);
  expect(numbers({ outcome: 'new best' })).toEqual([3, 2, 1]);
  expect(numbers({ value: 0.8 })).toEqual([3, 2]);
  expect(numbers({ value: 0.8, outcome: 'interrupted' })).toEqual([3]);
  expect(numbers({ usd: 0.01 })).toEqual([3, 4, 2, 1]);
  const min = { ...board, goal: 'min' as const };
  expect(shownRows(index.sprints, min, { ...plainView, value: 0.6 }).map((row) => row.number)).toEqual([
    3, 1,
  ]);
});

it('lists runs by the same rules', () => {
  const runs = shownRows(index.runs, board, { ...plainView, rows: 'runs', sort: 'samples' });
  expect(runs[0]?.id).toBe(lista.candidate);
  expect(runs.slice(1).map(({ samples }) => samples)).toEqual(
    runs
      .slice(1)
      .map(({ samples }) => samples)
      .sort((a, b) => b - a),
  );
});

it('says how many rows are shown', () => {
  expect(counted(1, 1, 'sprints')).toBe('1 sprint');
  expect(counted(2, 5, 'runs')).toBe('2 of 5 runs');
});
