import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import type { Verdict } from '#contract/verdict';
import { type Block, plain } from '../document/tree.ts';
import { contextOf } from '../fixtures/context.ts';
import { lista, matryoshka, sprints } from '../fixtures/load.ts';
import { groupsFigure } from './figures.ts';
import { groupTables, verdictTables } from './parts.ts';

const parted = (sprint: Sprint, f1: number, rows: (string | number)[][]): Sprint => ({
  ...sprint,
  verdict: {
    ...(sprint.verdict as Verdict),
    groups: {
      shape: [
        { name: 'round', count: 3, metrics: { f1, recall: 0.5 } },
        { name: `only at ${f1}`, count: 1, metrics: { f1 } },
      ],
    },
    tables: [{ name: 'the worst', columns: ['part', 'f1', 'taken for'], rows }],
  },
});
const after = parted(lista, 0.9, [['a', 0.25, 'b']]);
const before = parted(matryoshka, 0.7, [['c', 0.125, 'd']]);
const both = contextOf(after, { history: [sprints[0] as Sprint, before, after] });
const rows = (block: Block | undefined) =>
  block?.t === 'table' ? block.rows.map(({ cells }) => cells.map(plain)) : [];

it('puts the groups of the candidate beside those of the best before', () => {
  const [table] = groupTables(both);
  expect(table?.t === 'table' && table.head.map(plain)).toEqual([
    ...['By shape', 'How many', 'F1 before', 'after', 'change', 'Recall', 'change'],
  ]);
  expect(rows(table)).toEqual([
    ['round', '3', '0.700', '0.900', '+0.200', '0.500', 'unchanged'],
    ['only at 0.9', '0 → 1', '–', '0.900', '–', '–', '–'],
    ['only at 0.7', '1 → 0', '0.700', '–', '–', '–', '–'],
  ]);
});

it('draws them, with the best before in a muted colour and named', async () => {
  const [figure] = await groupsFigure(both);
  expect(figure).toMatchObject({
    picture: { panels: [expect.stringContaining('By shape')], legend: [{}, { label: 'best before' }] },
    caption: { label: 'Figure 1.' },
  });
});

it('shows the tables of both verdicts, the best before last', () => {
  const tables = verdictTables(both);
  expect(tables.map(rows)).toEqual([[['a', '0.250', 'b']], [['c', '0.125', 'd']]]);
  expect(JSON.stringify(tables[1])).toContain('The worst: of the best before (sprint 2)');
});

it('shows the candidate alone where the record of the best before has none, and nothing where none is', () => {
  const alone = contextOf(after);
  expect(groupTables(alone).map(rows)).toEqual([
    [
      ['round', '3', '0.900', '0.500'],
      ['only at 0.9', '1', '0.900', '–'],
    ],
  ]);
  expect(verdictTables(alone)).toHaveLength(1);
  expect([...groupTables(contextOf(lista)), ...verdictTables(contextOf(lista))]).toEqual([]);
});
