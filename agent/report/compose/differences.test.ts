import { expect, it } from 'vitest';
import { confirmed } from '../fixtures/confirmed.ts';
import { contextOf } from '../fixtures/context.ts';
import { baseline, lista, task } from '../fixtures/load.ts';
import { colours } from '../plots/theme.ts';
import { differencesOf } from './differences.ts';
import { gainFigure } from './figures.ts';

const rounded = (values: readonly (number | null)[]) =>
  values.map((value) => value && Number(value.toFixed(4)));

it('measures the candidate from the best before: by seed, on secret worlds, in other numbers', () => {
  const gains = { ...task, contract: { ...task.contract, gains: ['mcc'] } };
  const lines = differencesOf(contextOf(confirmed(lista), { task: gains }));
  expect(lines.map(({ name }) => name)).toEqual([
    'F1, verified, seed 0',
    'gain on 3 secret worlds',
    'MCC, verified',
  ]);
  expect(rounded(lines.map(({ value }) => value))).toEqual([0.038, 0.03, 0.011]);
  expect(lines[1]).toMatchObject({ error: 0.004, needed: 0.01 });
});

it('draws them over the noise band, and nothing for the first of a leaderboard', async () => {
  const [figure] = await gainFigure(contextOf(confirmed(lista)));
  expect(JSON.stringify(figure)).toContain(colours.band);
  expect(JSON.stringify(figure)).toContain('Difference to the best before (right is better)');
  expect(await gainFigure(contextOf(baseline))).toEqual([]);
});
