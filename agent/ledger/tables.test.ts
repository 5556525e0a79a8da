import { expect, it } from 'vitest';
import { table } from './tables.ts';

it('sets columns of numbers to the right, and takes nothing of a cell for a bar', () => {
  const rows = [
    ['1', 'a|b\nc', '0.85', '', '2026-02-19'],
    ['2', '3', '1.2e-5', '', '7'],
    ['3', 'd', '', '', ''],
  ];
  expect(table(['#', 'name', 'f1', 'none', 'at'], rows).split('\n')).toEqual([
    '| # | name | f1 | none | at |',
    '| ---: | --- | ---: | --- | --- |',
    '| 1 | a\\|b c | 0.85 |  | 2026-02-19 |',
    '| 2 | 3 | 1.2e-5 |  | 7 |',
    '| 3 | d |  |  |  |',
  ]);
});
