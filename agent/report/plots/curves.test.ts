import { expect, it } from 'vitest';
import { runNames } from '../compose/runs.ts';
import { lista, matryoshka } from '../fixtures/load.ts';
import { type Behind, curvesPlot } from './curves.ts';
import { colours } from './theme.ts';
import { plot } from './vega.ts';

const [run] = matryoshka.runs;
if (!run) throw new Error('the fixture has runs');
const behind: Behind = { name: 'best before (sprint 2)', run, band: { value: 0.834, noise: 0.006 } };
const drawn = (under: Behind | null) => curvesPlot(lista.runs, runNames(lista), 'f1', ['loss', 'l0'], under);

it('lays the curves over those of the best before, which is muted, dashed and named', async () => {
  const made = drawn(behind);
  expect(made?.legend).toContainEqual({ label: behind.name, colour: colours.before, mark: 'dash' });
  for (const panel of made?.panels ?? []) expect(await plot(panel)).toContain(colours.before);
  const without = await Promise.all((drawn(null)?.panels ?? []).map(plot));
  expect(without.join()).not.toContain(colours.before);
});

it('shades the noise around the best before where the metric is drawn, and names the band', async () => {
  const made = drawn(behind);
  expect(made?.legend).toContainEqual({
    label: 'noise around 0.834 of the best before',
    colour: colours.band,
    mark: 'band',
  });
  const panels = await Promise.all((made?.panels ?? []).map(plot));
  expect(panels.map((svg) => svg.includes(colours.band))).toEqual([false, false, true]);
});

it('titles every axis', async () => {
  for (const panel of drawn(behind)?.panels ?? []) {
    const svg = await plot(panel);
    expect(svg).toContain('>Training samples<');
    expect(svg).toMatch(/>(Loss \(log scale\)|Loss|L0|F1)</);
  }
});
