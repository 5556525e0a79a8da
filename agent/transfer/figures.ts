import type { TopLevelSpec } from 'vega-lite';
import { label } from '../report/document/names.ts';
import type { LegendItem } from '../report/document/tree.ts';
import { colourAt, colours, domainOf, frame, type Plot, panelWidth, series } from '../report/plots/theme.ts';
import { type Made, middleOf, valuesBySeed } from './comparison.ts';
import type { Recipe } from './plan.ts';

interface Point {
  group: string;
  x: number;
  value: number;
  low: number;
  high: number;
}

/** What dots that belong to no line are called. */
const PARTS = 'variations at the middle value';

/**
 * Each metric of the other data against the number that its task names, a panel for each: a line for each
 * recipe that was tried at several values, dots for the others, bars of one standard deviation over seeds.
 * Null without a point.
 */
export function transferPlot(
  made: readonly Made[],
  recipes: readonly Recipe[],
  metrics: readonly string[],
  against: { field: string; label: string },
  width?: number,
): Plot | null {
  const lines = recipes.filter(({ role }) => role === 'line');
  const colourOf = new Map(lines.map(({ name }, i) => [name, colourAt(series, i)]));
  const legend: LegendItem[] = lines.map(({ name }) => ({
    ...{ label: name, colour: colourOf.get(name) ?? colours.grey, mark: 'line' },
  }));
  if (recipes.length > lines.length) {
    colourOf.set(PARTS, colours.grey);
    legend.push({ label: PARTS, colour: colours.grey, mark: 'dot' });
  }
  const panels = metrics.flatMap((metric) => {
    const points = pointsOf(made, recipes, metric, against.field);
    const outer = panelWidth(metrics.length, width);
    return points.length === 0 ? [] : [panel(points, metric, against.label, colourOf, outer)];
  });
  return panels.length === 0 ? null : { panels, legend };
}

/** A point for each recipe and value: means over seeds. */
function pointsOf(made: readonly Made[], recipes: readonly Recipe[], metric: string, field: string): Point[] {
  const values = [...new Set(made.flatMap(({ wanted }) => wanted.at ?? []))].sort((a, b) => a - b);
  return recipes.flatMap(({ name, role }) =>
    values.flatMap((at): Point[] => {
      const of = (number: string) => middleOf(valuesBySeed(made, name, 'other', at, number));
      const [x, y] = [of(field), of(metric)];
      if (!x || !y) return [];
      const apart = y.spread ?? 0;
      const group = role === 'line' ? name : PARTS;
      return [{ group, x: x.mean, value: y.mean, low: y.mean - apart, high: y.mean + apart }];
    }),
  );
}

function panel(
  points: readonly Point[],
  metric: string,
  title: string,
  colourOf: ReadonlyMap<string, string>,
  width: number,
): TopLevelSpec {
  const xs = points.map(({ x }) => x);
  const [low, high] = domainOf(xs, 0.07, 0.4 * Math.max(...xs));
  const ends = points.flatMap((point) => [point.low, point.high]);
  const scale = { domain: domainOf(ends, 0.12), nice: false, zero: false };
  const x = {
    ...{ field: 'x', type: 'quantitative', axis: { title, tickCount: 6 } },
    scale: { domain: [Math.max(0, low), high], nice: false },
  };
  const y = { field: 'value', type: 'quantitative', scale, axis: { title: label(metric) } };
  const color = {
    ...{ field: 'group', type: 'nominal', legend: null },
    scale: { domain: [...colourOf.keys()], range: [...colourOf.values()] },
  };
  const inLines = points.filter(({ group }) => group !== PARTS);
  return {
    ...frame(width, 200),
    data: { values: points },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 1.2, opacity: 0.6 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      { mark: { type: 'point', filled: true, size: 55, opacity: 1 }, encoding: { x, y, color } },
      {
        data: { values: inLines },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { x, y, color },
      },
    ],
  } as unknown as TopLevelSpec;
}
