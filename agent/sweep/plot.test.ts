import { expect, it } from 'vitest';
import { gridFrom } from './grid.ts';
import { byExperiment, sweepPlot } from './plot.ts';
import type { Row } from './rows.ts';

const row = (name: string, l0: number, f1: number): Row => ({
  name,
  experiment: name,
  settings: {},
  runs: [],
  mean: { l0, f1, mcc: f1 },
  spread: {},
});
const against = { field: 'l0', label: 'L0' };
const profile = { baselines: [{ label: 'TopK', points: [{ l0: 20, f1: 0.6 }] }], ceiling: null };

it('draws a line for experiments that differ in a number, and published curves behind', async () => {
  const rows = [
    row('l0_15', 15, 0.5),
    row('l0_20', 20, 0.6),
    row('default', 25, 0.7),
    row('other_3', 3, 0.1),
  ];
  const svg = (await sweepPlot(rows, profile, ['f1', 'mcc'], against)) as string;
  const legend = [...svg.matchAll(/aria-label="[^"]*" ?[^>]*>([^<]+)<\/text>|>([^<>]+)<\/text>/g)].map(
    (m) => m[1] ?? m[2],
  );
  for (const label of ['l0_*', 'default', 'other_3', 'TopK (published)', 'F1', 'MCC', 'L0']) {
    expect(legend).toContain(label);
  }
  expect(legend).not.toContain('l0_15');
  // One line of two points for each panel, besides grid and axes.
  expect(svg.match(/aria-label="[^"]*group: l0_\*/g)?.length).toBeGreaterThanOrEqual(4);
});

it('has nothing to draw without a measured run', async () => {
  expect(await sweepPlot([], profile, ['f1'], against)).toBeNull();
  expect(await sweepPlot([{ ...row('a', 1, 1), mean: {} }], profile, ['f1'], against)).toBeNull();
});

it('follows the setting that moves the number, and keeps the others apart', () => {
  const grid = gridFrom(['lr=1,2', 'k=3,5']);
  const rows = ['1', '2'].flatMap((lr) =>
    ['3', '5'].map((k) => ({ ...row('base', Number(k) + 0.1 * Number(lr), 0.5), settings: { lr, k } })),
  );
  expect(byExperiment(rows, grid, 'l0').map(({ name }) => name)).toEqual([
    ...['base lr=1', 'base lr=1', 'base lr=2', 'base lr=2'],
  ]);
  const one = [row('base', 1, 0.5), row('other', 2, 0.5)];
  expect(byExperiment(one, {}, 'l0')).toEqual(one);
  expect(byExperiment(rows.slice(0, 2), gridFrom(['k=3,5']), 'l0').map(({ name }) => name)).toEqual([
    'base',
    'base',
  ]);
});
