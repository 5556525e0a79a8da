import { createHash } from 'node:crypto';
import type { TopLevelSpec } from 'vega-lite';
import { Drawer } from './drawer.ts';
import { theme } from './theme.ts';

/** Limits of one plot, in rows of data and bytes of SVG: 100,000 points made 26 MB. */
const MAX_ROWS = 5_000;
const MAX_SVG = 2_000_000;
/** For a plot of our own, which may wait for a machine that trains. */
const MAX_SECONDS = 30;

const drawer = new Drawer();

/**
 * Draws a Vega-Lite spec as a string of SVG, without files or network, in a thread of its own (drawer.mjs).
 * @throws Error in one line when the spec is not drawable, too large, or not drawn within `seconds`.
 */
export async function plotWithin(seconds: number, spec: TopLevelSpec): Promise<string> {
  const svg = ownIds(await drawer.draw({ spec, config: theme }, seconds));
  if (svg.length > MAX_SVG) throw new Error(`plot of ${svg.length} bytes; at most ${MAX_SVG}`);
  return svg;
}

/** The same for a plot of our own. */
export const plot = (spec: TopLevelSpec): Promise<string> => plotWithin(MAX_SECONDS, spec);

/**
 * Vega counts its ids over all pictures of a process. Here they depend on the picture alone, so that a page
 * is the same whenever it is drawn, and two pictures on it share none.
 */
function ownIds(svg: string): string {
  const ID = /(\bid="|url\(#)((?:clip|gradient_)\d+)(?=["')])/g;
  const order = [...new Set([...svg.matchAll(ID)].map(([, , id = '']) => id))];
  const renamed = (name: (at: number) => string) =>
    svg.replace(ID, (_, before: string, id: string) => before + name(order.indexOf(id)));
  const digest = createHash('sha256').update(renamed(String)).digest('hex').slice(0, 8);
  return renamed((at) => `clip-${digest}-${at}`);
}

/**
 * Parses a researcher's spec: JSON with inline data, at most 5,000 rows, no pictures.
 * @throws Error in one line.
 */
export function plotSpec(source: string): TopLevelSpec {
  let spec: unknown;
  try {
    spec = JSON.parse(source);
  } catch {
    throw new Error('not JSON');
  }
  let rows = 0;
  const visit = (value: unknown, depth: number): void => {
    if (depth > 24) throw new Error('nested too deep');
    if (Array.isArray(value)) {
      rows += value.length;
      if (rows > MAX_ROWS) throw new Error(`more than ${MAX_ROWS} rows`);
      for (const item of value) visit(item, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        // Image marks load asynchronously and throw where nothing catches; generated data has no size limit.
        if (['url', 'href', 'sequence', 'graticule', 'sphere'].includes(key))
          throw new Error(`"${key}" is not allowed`);
        if (key === 'mark' && (item === 'image' || (item as { type?: unknown })?.type === 'image')) {
          throw new Error('"image" marks are not allowed');
        }
        visit(item, depth + 1);
      }
    }
  };
  visit(spec, 0);
  if (typeof spec !== 'object' || spec === null) throw new Error('not a JSON object');
  return { width: 480, height: 200, ...spec } as TopLevelSpec;
}
