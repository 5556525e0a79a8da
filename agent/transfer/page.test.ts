import { expect, it } from 'vitest';
import { writeMarkdown } from '../report/write/markdown.ts';
import { comparisonOf, made, recipes, transfer } from './fixtures/made.ts';
import { transferPage } from './page.ts';

const told = {
  ...{ transfer, middle: 16, seeds: [0, 1, 2], wanted: 48, command: 'npm run transfer -- --data /data/a' },
  ...{ samples: { own: 2_048_000, other: 500_000 }, at: '2026-02-19T10:00:00.000Z', foot: 'a task' },
  shown: { own: ['f'], other: ['probe', 'fit', 'l0'] },
  against: { field: 'l0', label: 'L0' },
};

it('has the paragraph, two plots with bars, the orders, and a row for each recipe and value', async () => {
  const all = made();
  const report = await transferPage(all, recipes, comparisonOf(all), { ...told, wanted: all.length });
  const words = writeMarkdown(report, '.');
  expect(words).toContain('48 of 48 runs');
  expect(words).toContain('The order of 5 recipes by F in small');
  expect(words).not.toContain('runs are missing');
  // Three lines at three values, two parts at one.
  expect(words.match(/^\| (plain|nested|full|full.{1,2}no.{1,2}[ab]) +\| +[0-9]/gm)).toHaveLength(11);
  expect(words).toMatch(/^\| nested +\| +16 +\| +0\.802\s±\s0\.002 +\| +0\.401\s±\s0\.001 +\|/m);
  // All seeds have the same L0: it has no spread.
  expect(words).toMatch(/^\| nested +\| +16 .* 16 +\|$/m);
  expect(words).toMatch(/^\| full +\| full.{1,2}no.{1,2}a +\| +\+0\.050 +\| +\+0\.001 \(not shown\) +\|/m);
  // The own world has one value, so other rows have none of it.
  expect(words).toMatch(/^\| nested +\| +8 +\| +– +\|/m);
  const figure = report.blocks.find((block) => block.t === 'figure');
  const panels = figure?.picture.kind === 'plot' ? figure.picture.panels : [];
  expect(panels).toHaveLength(2);
  for (const panel of panels) expect(panel).toContain('mark-rule');
});

it('says how many runs are missing, and names those that gave nothing', async () => {
  const some = made(12).map((each, i) =>
    i === 3 ? { ...each, run: { ...each.run, status: 'diverged', reason: 'the loss is not finite' } } : each,
  );
  const words = writeMarkdown(await transferPage(some, recipes, comparisonOf(some), told), '.');
  expect(words).toContain('11 of 48 runs');
  expect(words).toContain('37 runs are missing');
  expect(words).toMatch(/, seed 0: diverged, the loss is not finite/);
});
