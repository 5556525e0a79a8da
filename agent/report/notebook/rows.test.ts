import { expect, it } from 'vitest';
import { confirmed } from '../fixtures/confirmed.ts';
import { interrupted, lista, sprints, task } from '../fixtures/load.ts';
import { CONFIRMED, GAIN } from './model.ts';
import { indexOf } from './rows.ts';

const nothing = () => ({ commit: null, links: [] });
const index = indexOf(sprints, task, nothing);

it('has a row for each sprint and for each run, with the best of each leaderboard marked', () => {
  expect(index.sprints.map(({ number, best }) => [number, best])).toEqual([
    [1, false],
    [2, false],
    [3, true],
    [4, false],
  ]);
  expect(index.runs).toHaveLength(sprints.flatMap(({ runs }) => runs).length);
  expect(index.runs.filter(({ best }) => best).map(({ id }) => id)).toEqual([lista.candidate]);
  expect(index.boards[0]?.best).toEqual({ sprint: lista.id, run: lista.candidate });
});

it('puts the deciding metric and the difference to the best before first', () => {
  const [board] = index.boards;
  expect(board?.columns.map(({ key }) => key)).toEqual(['f1', GAIN, ...['mcc', 'precision', 'recall', 'l0']]);
  expect(board?.columns[0]).toMatchObject({ label: 'F1', better: 'max' });
  expect(index.sprints[2]?.values[GAIN]).toBeCloseTo(0.038);
  // A run that was measured on a snapshot has no difference to a verdict.
  const measured = index.runs.filter(({ from }) => from === 'snapshot');
  expect(measured.length).toBeGreaterThan(0);
  expect(measured.filter(({ values }) => values[GAIN] !== undefined)).toEqual([]);
});

it('stands for a sprint without a candidate by its longest run', () => {
  expect(interrupted.candidate).toBeNull();
  expect(index.sprints[3]?.candidate).toBe(interrupted.runs[0]?.id);
});

it('never mixes leaderboards: the newest comes first', () => {
  const other = { ...interrupted, leaderboard: 'other', profile: '16k', number: 9, id: 'other' };
  const { boards } = indexOf([...sprints, other], task, nothing);
  expect(boards.map(({ profile, best }) => [profile, best === null])).toEqual([
    ['16k', true],
    ['small', false],
  ]);
});

it('has a column of what secret worlds gave where a sprint was tried there, and only then', () => {
  expect(index.boards[0]?.columns.map(({ key }) => key)).not.toContain(CONFIRMED);
  const { boards, sprints: rows, runs } = indexOf(sprints.map(confirmed), task, nothing);
  expect(boards[0]?.columns.map(({ key }) => key).slice(0, 3)).toEqual(['f1', GAIN, CONFIRMED]);
  expect(rows.map(({ values }) => values[CONFIRMED])).toEqual([undefined, undefined, 0.86, undefined]);
  expect(runs.filter(({ values }) => values[CONFIRMED] === 0.86).map(({ id }) => id)).toEqual([
    lista.candidate,
  ]);
});
