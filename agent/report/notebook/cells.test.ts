import { expect, it } from 'vitest';
import { sprints, task } from '../fixtures/load.ts';
import { runTable, sortsOf, sprintTable } from './cells.ts';
import { plainView, shownRows } from './list.ts';
import type { Board } from './model.ts';
import { indexOf } from './rows.ts';

const index = indexOf(
  sprints.map((sprint) => ({ ...sprint, title: `<b>"${sprint.number}"</b>` })),
  task,
  ({ number }) => ({ commit: null, links: number === 1 ? [] : [{ label: 'html', href: 'a"b.html' }] }),
);
const board = index.boards[0] as Board;
const rows = shownRows(index.sprints, board, plainView);

it('shows what others wrote as text, in contents and in attributes', () => {
  for (const html of [sprintTable(board, rows, plainView), sprintTable(board, rows, null)]) {
    expect(html).not.toContain('<b>');
    expect(html).toContain('&lt;b&gt;&quot;3&quot;&lt;/b&gt;');
    expect(html).toContain('href="a&quot;b.html"');
    expect(html).not.toContain('a"b');
  }
});

it('offers nothing to press before a script has run', () => {
  expect(sprintTable(board, rows, null)).not.toMatch(/<(button|input)/);
  const html = sprintTable(board, rows, { ...plainView, ticked: [rows[1]?.candidate ?? ''] });
  expect(html.match(/type="checkbox"/g)).toHaveLength(4);
  expect(html.match(/ checked>/g)).toHaveLength(1);
});

it('says how the list is sorted, and by what it can be', () => {
  const html = sprintTable(board, rows, { ...plainView, sort: 'f1', down: false });
  expect(html).toMatch(/aria-sort="ascending"><button type="button" data-act="sort" data-key="f1">F1/);
  expect(html.match(/aria-sort/g)).toHaveLength(1);
  expect(sortsOf(board, 'sprints').map(({ key }) => key)).toEqual([
    ...['number', 'title', 'outcome', 'f1', ':gain', 'mcc', 'precision', 'recall', 'l0'],
    ...['runs', 'seconds', 'usd', 'at'],
  ]);
  expect(sortsOf(board, 'runs').map(({ key }) => key)).toContain('seed');
});

it('says of each run where its numbers come from', () => {
  const html = runTable(board, shownRows(index.runs, board, plainView), { ...plainView, rows: 'runs' });
  const states = [...html.matchAll(/<td data-key="outcome"[^>]*>([^<]*)</g)].map(([, state]) => state);
  expect(new Set(states)).toEqual(new Set(['verified', 'measured', 'diverged', 'killed', 'timeout']));
});
