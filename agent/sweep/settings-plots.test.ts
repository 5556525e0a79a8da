import { expect, it } from 'vitest';
import { rowsOf, type SweepRun } from './rows.ts';
import { settingsPlots } from './settings-plots.ts';

const run = (k: string, lr: string, seed: number, f1: number | null): SweepRun => ({
  ...{
    name: 'plain',
    settings: { k, lr },
    seed,
    run: 'r',
    reason: null,
    seconds: 1,
    backend: null,
    also: {},
  },
  status: f1 === null ? 'diverged' : 'finished',
  metrics: f1 === null ? {} : { f1, mcc: f1 / 2 },
});
const runs = ['2', '3', '4'].flatMap((k, i) =>
  ['1e-3', '3e-2', 'auto'].flatMap((lr, j) =>
    [0, 1].map((seed) => run(k, lr, seed, 0.5 + i / 10 + j / 100 + seed / 50)),
  ),
);

it('draws each swept setting, and a heat map of two', async () => {
  const pictures = await settingsPlots(rowsOf(runs, ['k', 'lr']), ['k', 'lr'], ['f1', 'mcc']);
  expect(pictures.map(({ name }) => name)).toEqual(['by k', 'by lr', 'k and lr']);
  const [byK = '', byLr = '', heat = ''] = pictures.map(({ svg }) => svg);
  for (const words of ['>k<', '>F1<', '>MCC<', '>plain lr=1e-3<', '>plain lr=auto<'])
    expect(byK).toContain(words);
  for (const words of ['>lr<', '>auto<', '>plain k=4<']) expect(byLr).toContain(words);
  // The mean of both seeds, in its cell.
  for (const words of ['>plain: F1<', '>0.510<', '>0.730<']) expect(heat).toContain(words);
});

it('draws one setting alone, leaves out what was not measured, and nothing of nothing', async () => {
  const some = [run('2', 'auto', 0, 0.5), run('3', 'auto', 0, null), run('4', 'auto', 0, 0.6)];
  const pictures = await settingsPlots(rowsOf(some, ['k']), ['k'], ['f1']);
  expect(pictures.map(({ name }) => name)).toEqual(['by k']);
  expect(pictures[0]?.svg).toContain('x: 4; value: 0.6');
  expect(pictures[0]?.svg).not.toContain('x: 3;');
  expect(await settingsPlots(rowsOf([run('3', 'auto', 0, null)], ['k']), ['k'], ['f1'])).toEqual([]);
});
