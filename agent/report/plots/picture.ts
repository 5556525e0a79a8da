import type { Picture } from '../document/tree.ts';
import { PHONE, type Plot, WIDTH } from './theme.ts';
import { plot } from './vega.ts';

/** A plot of a width in plot pixels; null where there is nothing to draw. */
export type PlotAt = (width: number) => Plot | null;

/**
 * Draws a plot for a page and for paper, and one of a single panel once more for a phone; several panels
 * stand below each other there. Null where there is nothing to draw.
 * @throws Error in one line when it cannot be drawn.
 */
export async function pictureOf(plotAt: PlotAt): Promise<Extract<Picture, { kind: 'plot' }> | null> {
  const drawn = plotAt(WIDTH);
  if (!drawn) return null;
  const panels = await Promise.all(drawn.panels.map(plot));
  const { legend } = drawn;
  const narrow = panels.length === 1 ? plotAt(PHONE) : null;
  if (!narrow) return { kind: 'plot', panels, legend };
  return { kind: 'plot', panels, phone: await Promise.all(narrow.panels.map(plot)), legend };
}
