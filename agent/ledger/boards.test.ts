import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import type { BranchSprint } from './all-branches.ts';
import { boardsOf, oneHistory } from './boards.ts';

let minute = 0;
/** A sprint of a branch, later than all before it. */
function made(
  branch: string,
  f1: number | null,
  over: Partial<Sprint> = {},
  world = 'a'.repeat(16),
): BranchSprint {
  minute++;
  const closedAt = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const verdict =
    f1 === null
      ? null
      : exampleVerdict({ metrics: { f1 }, world: { name: 'tiny', hash: world, kind: 'public' } });
  const sprint = exampleSprint({
    closedAt,
    id: `sprint-${minute}`,
    title: `Try ${minute}`,
    verdict,
    ...over,
  });
  return { sprint, branch, commit: 'c'.repeat(40) };
}
const values = (sprints: readonly BranchSprint[]) => sprints.map(({ sprint }) => sprint.verdict?.metrics.f1);

it('ranks verdicts that count, of all branches, and keeps the others apart', () => {
  const world = { name: 'tiny', hash: 'a'.repeat(16), kind: 'public' as const };
  const from = exampleVerdict({ metrics: { f1: 0.99 }, from: 'another run', world });
  const [board, ...more] = boardsOf([
    made('run/a', 0.5),
    made('run/b', 0.7),
    made('run/a', 0.6, { outcome: 'no-gain' }),
    made('run/b', 0.65, { outcome: 'stacked' }),
    made('run/b', 0.95, { outcome: 'held' }),
    made('run/b', 0.9, { outcome: 'degenerate' }),
    made('run/b', null, { outcome: 'failed' }),
    made('run/b', 0.99, { verdict: from, outcome: 'no-gain' }),
  ]);
  expect(more).toEqual([]);
  expect(values(board?.ranked ?? [])).toEqual([0.7, 0.65, 0.6, 0.5]);
  expect(board?.others.map(({ sprint }) => sprint.outcome)).toEqual([
    'held',
    'degenerate',
    'no-gain',
    'failed',
  ]);
});

it('ranks the smallest first where that is the goal', () => {
  const [board] = boardsOf([made('run/a', 3, { goal: 'min' }), made('run/b', 2, { goal: 'min' })]);
  expect(values(board?.ranked ?? [])).toEqual([2, 3]);
});

it('puts numbers side by side only where the rules and the world are the same', () => {
  const boards = boardsOf([
    made('run/a', 0.5),
    made('run/b', 0.6, {}, 'b'.repeat(16)),
    made('run/b', 0.7, { leaderboard: 'tiny-11111111' }),
    made('run/a', 0.8, { profile: 'other', leaderboard: 'other-00000000' }),
    made('run/a', null, { outcome: 'failed' }),
  ]);
  // The newest comes first: the failed sprint belongs to the last world of its rules.
  expect(boards.map(({ ranked, others }) => [values(ranked), others.length])).toEqual([
    [[0.6], 1],
    [[0.8], 0],
    [[0.7], 0],
    [[0.5], 0],
  ]);
  expect(boards.map(({ world }) => world?.hash[0])).toEqual(['b', 'a', 'a', 'a']);
});

it('tells all branches as one history: numbered by time, a best only where it was better than all before', () => {
  const sprints = [
    made('run/a', 0.5, { number: 1 }),
    made('run/b', 0.4, { number: 1 }),
    made('run/b', 0.6, { number: 2 }),
    // A best of its own branch may be one by another number.
    made('run/b', 0.59, { number: 3 }),
    made('run/a', 0.59, { number: 2 }),
    made('run/a', 0.7, { number: 3 }),
    // Better, by less than the noise of 0.01.
    made('run/b', 0.705, { number: 4 }),
  ];
  const history = oneHistory(sprints);
  expect(history.map(({ number, outcome }) => [number, outcome])).toEqual([
    [1, 'new-best'],
    [2, 'no-gain'],
    [3, 'new-best'],
    [4, 'new-best'],
    [5, 'no-gain'],
    [6, 'new-best'],
    [7, 'no-gain'],
  ]);
  expect(history.map(({ bestBefore }) => bestBefore?.metrics.f1)).toEqual([
    ...[undefined, 0.5, 0.5, 0.6, 0.59, 0.59, 0.7],
  ]);
  expect(history[1]?.reason).toBe(
    'the best of run/b then (the first); not better than sprint 1 of run/a by more than the noise',
  );
  expect(history[2]?.title).toMatch(/^Try \d+ \(run\/b, sprint 2\)$/);
  expect(new Set(history.map(({ leaderboard }) => leaderboard)).size).toBe(1);
  expect(sprints[1]?.sprint.outcome).toBe('new-best');
});

it('gives two worlds of the same rules leaderboards of their own in that history', () => {
  const history = oneHistory([
    made('run/a', 0.5),
    made('run/b', 0.4, {}, 'b'.repeat(16)),
    made('run/b', 0.3, {}, 'b'.repeat(16)),
  ]);
  expect(history.map(({ outcome }) => outcome)).toEqual(['new-best', 'new-best', 'new-best']);
  expect(new Set(history.map(({ leaderboard }) => leaderboard)).size).toBe(2);
});
