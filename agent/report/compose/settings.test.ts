import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { type Block, plain } from '../document/tree.ts';
import { contextOf } from '../fixtures/context.ts';
import { lista, matryoshka, sprints } from '../fixtures/load.ts';
import { allSettings, changedSettings } from './settings.ts';

const stating = (sprint: Sprint, config: Record<string, string | number>): Sprint => ({
  ...sprint,
  runs: sprint.runs.map((run) => ({ ...run, settings: {}, experiment: 'same', samples: 1, config })),
});
const context = (sprint: Sprint, best: Sprint) =>
  contextOf(sprint, { history: [sprints[0] as Sprint, best, sprint] });
const tables = (blocks: readonly Block[]) => blocks.flatMap((block) => (block.t === 'table' ? [block] : []));
const cells = (block: Block | undefined) =>
  block?.t === 'table' ? block.rows.map((row) => row.cells.map(plain)) : [];

it('shows only what differs from the best before', () => {
  const [, table] = changedSettings(
    context(stating(lista, { depth: 2, rate: 0.1 }), stating(matryoshka, { rate: 0.1, width: 8 })),
  );
  expect(cells(table)).toEqual([
    ['width', '8', '–'],
    ['depth', '–', '2'],
  ]);
});

it('says that the change is in the code where no setting differs', () => {
  const [, words] = changedSettings(context(stating(lista, { a: 1 }), stating(matryoshka, { a: 1 })));
  expect(words?.t === 'para' && plain(words.c)).toBe('No setting differs: the change is in the code alone.');
});

it('compares what was asked for in records of earlier versions, and says so', () => {
  const [, table] = changedSettings(contextOf(lista));
  expect(cells(table)).toContainEqual(['eta', '–', '0.3']);
  expect(JSON.stringify(table)).toContain('the best before and of the candidate stated no settings');
  expect(changedSettings(contextOf(sprints[0] as Sprint))).toEqual([]);
});

it('cuts a long list of differences, and names the file that has all', () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`s${at}`, at]));
  const [table] = tables(changedSettings(context(stating(lista, many), stating(matryoshka, {}))));
  expect([table?.rows.length, table?.omitted]).toEqual([
    24,
    `16 more settings are in sprints/${lista.id}/sprint.json.`,
  ]);
});

it('has the settings of every run: those that differ by run, those that all share once', () => {
  const runs = Array.from({ length: 7 }, (_, seed) => {
    const [run] = stating(lista, { shared: 'x', own: seed }).runs;
    return { ...(run as Sprint['runs'][0]), id: `r${seed}`, seed };
  });
  const blocks = allSettings(contextOf({ ...lista, runs }));
  // Five runs side by side, then two.
  expect(tables(blocks).map(({ head }) => head.length)).toEqual([6, 3]);
  const own = tables(blocks).flatMap(
    (table) =>
      cells(table)
        .find(([key]) => key === 'own')
        ?.slice(1) ?? [],
  );
  expect(own.toSorted()).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  expect(JSON.stringify(blocks.at(-1))).toContain('"shared"');
});
