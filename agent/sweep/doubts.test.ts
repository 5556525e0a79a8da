import { expect, it } from 'vitest';
import { type Doubt, doubtLines } from './doubts.ts';
import { eachValue, gridFrom } from './grid.ts';

const doubtsOf = (sets: string[], why: (lr: string, k: string) => string | null): Doubt[] =>
  eachValue(gridFrom(sets)).map((settings) => ({
    experiment: 'base',
    settings,
    why: why(settings.lr ?? '', settings.k ?? ''),
  }));

it('names the value that is wrong once, whatever the others are', () => {
  const grid = ['k=2,3,4', 'lr=1,2,4'];
  const slow = (lr: string) => (lr === '4' ? null : `cannot count: lr is ${lr}`);
  expect(doubtLines(doubtsOf(grid, slow))).toEqual([
    'base with lr=1 cannot count: lr is 1',
    'base with lr=2 cannot count: lr is 2',
  ]);
  expect(doubtLines(doubtsOf(grid, (_, k) => (k === '3' ? 'is refused' : null)))).toEqual([
    'base with k=3 is refused',
  ]);
});

it('names no setting where every combination is wrong, and all of them where only together', () => {
  expect(doubtLines(doubtsOf(['k=2,3'], () => 'cannot count'))).toEqual(['base cannot count']);
  const both = (lr: string, k: string) => (lr === '1' && k === '2' ? 'is refused' : null);
  expect(doubtLines(doubtsOf(['k=2,3', 'lr=1,2'], both))).toEqual(['base with k=2 lr=1 is refused']);
  expect(doubtLines(doubtsOf(['k=2,3'], () => null))).toEqual([]);
});
