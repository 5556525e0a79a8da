import { expect, it } from 'vitest';
import { bar, columnsOf, sparkline, within, wrap } from './columns.ts';

it('counts the columns that a terminal gives a text', () => {
  expect(['', 'abc', 'é', 'e\u0301', '日本', '🙂', 'a\u200db'].map(columnsOf)).toEqual([0, 3, 1, 1, 4, 2, 2]);
});

it('cuts a text by columns, and no character in two', () => {
  expect(within('abcdef', 6)).toBe('abcdef');
  expect(within('abcdef', 5)).toBe('abcd…');
  expect(within('日本語です', 6)).toBe('日本…');
  expect(columnsOf(within('a🙂🙂🙂', 5))).toBeLessThanOrEqual(5);
  expect([within('abc', 1), within('abc', 0)]).toEqual(['…', '']);
});

it('breaks a text between words, and cuts the last line and a word that is too long', () => {
  expect(wrap('one two three four', 9, 5)).toEqual(['one two', 'three', 'four']);
  expect(wrap('one two three four', 9, 2)).toEqual(['one two', 'three fo…']);
  expect(wrap('superposition is', 6, 3)).toEqual(['super…', 'is']);
  expect(wrap('', 6, 3)).toEqual(['']);
});

it('draws numbers as a curve: from the smallest to the largest, in means where there are too many', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 20)).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([3, 3, 3], 20)).toBe('▁▁▁');
  expect(sparkline([0, 0, 10, 10, 0, 0], 3)).toBe('▁█▁');
  expect(
    sparkline(
      Array.from({ length: 1000 }, (_, i) => -i),
      30,
    ),
  ).toHaveLength(30);
  expect(sparkline([], 20)).toBe('');
});

it('draws a share as a bar, whatever it is', () => {
  expect([0, 0.5, 1, 7, -1].map((share) => bar(share, 4))).toEqual(['░░░░', '██░░', '████', '████', '░░░░']);
});
