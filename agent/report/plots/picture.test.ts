import { expect, it } from 'vitest';
import { lista } from '../fixtures/load.ts';
import { pictureOf } from './picture.ts';
import { progressPlot } from './progress.ts';
import { PHONE, type Plot, WIDTH } from './theme.ts';

const drawn = (width: number) => progressPlot([lista], 'f1', null, { width });
const widthOf = (svg: string | undefined) => Number(/^<svg[^>]* width="(\d+)"/.exec(svg ?? '')?.[1]);
const twice = (plot: Plot | null): Plot | null =>
  plot && { ...plot, panels: [...plot.panels, ...plot.panels] };

it('draws a plot of one panel a second time, as narrow as a phone', async () => {
  const picture = await pictureOf(drawn);
  expect(picture?.panels.map(widthOf)).toEqual([WIDTH]);
  expect(picture?.phone?.map(widthOf)).toEqual([PHONE]);
});

it('draws several panels once, and nothing where there is no plot', async () => {
  const picture = await pictureOf((width) => twice(drawn(width)));
  expect(picture?.panels).toHaveLength(2);
  expect(picture).not.toHaveProperty('phone');
  expect(await pictureOf(() => null)).toBeNull();
});
