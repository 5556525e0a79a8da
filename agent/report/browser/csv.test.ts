import { expect, it } from 'vitest';
import { sprints, task } from '../fixtures/load.ts';
import { indexOf } from '../notebook/rows.ts';
import { runsCsv, sprintsCsv } from './csv.ts';

const index = indexOf(
  sprints.map((sprint) => (sprint.number === 3 ? { ...sprint, title: '=cmd("x"), y' } : sprint)),
  task,
  () => ({ commit: { hash: 'abc', branch: 'run/x' }, links: [] }),
);
const cells = (line = '') => line.split(',');

it('writes a line for each sprint, with full digits and the commit', () => {
  const [head, first, ...others] = sprintsCsv(index).trim().split('\r\n');
  expect(others).toHaveLength(3);
  expect(cells(head)).toHaveLength(cells(first).length);
  const at = (name: string) => cells(first)[cells(head).indexOf(name)];
  expect([at('number'), at('outcome'), at('commit'), at('branch')]).toEqual([
    '1',
    'new-best',
    'abc',
    'run/x',
  ]);
  expect(at('f1')).toBe(String(sprints[0]?.verdict?.metrics.f1));
});

it('marks a text that a spreadsheet would compute, and quotes what has a comma', () => {
  expect(sprintsCsv(index)).toContain(`,"'=cmd(""x""), y",`);
});

it('writes a line for each run, and nothing for a number that it does not have', () => {
  const lines = runsCsv(index).trim().split('\r\n');
  expect(lines).toHaveLength(1 + index.runs.length);
  expect(cells(lines[0])).toContain('to_best_before');
  expect(new Set(lines.map((line) => cells(line).length)).size).toBe(1);
});
