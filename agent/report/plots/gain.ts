import type { TopLevelSpec } from 'vega-lite';
import { colours, domainOf, frame, type Plot, WIDTH } from './theme.ts';

/** A line of the plot: differences to the best before, in the numbers of the metric. */
export interface Differences {
  name: string;
  /** What the line stands for; a mean may have an error. Null: only single values. */
  value: number | null;
  error?: number;
  /** The single values behind it: runs, or pairs on secret worlds. */
  single: readonly number[];
  /** The difference that was needed here. */
  needed?: number;
}

const ROW = 26;

/**
 * Plots how far a candidate is from the best before, by each measurement that there is, with the band in
 * which a difference is noise. `title`: of the axis. Null without a difference.
 */
export function gainPlot(lines: readonly Differences[], noise: number, title: string): Plot | null {
  const values = lines.flatMap(({ value, error = 0, single, needed }) => [
    ...(value === null ? [] : [value - error, value + error]),
    ...(needed === undefined ? [] : [needed]),
    ...single,
  ]);
  if (values.length === 0) return null;
  const x = {
    field: 'value',
    type: 'quantitative',
    scale: { domain: domainOf([...values, -noise, noise, 0], 0.08, 1e-4), nice: false, zero: false },
    axis: {
      title,
      tickCount: 7,
      labelExpr: "datum.value === 0 ? '0' : format(datum.value, '+~g')",
      grid: false,
    },
  };
  const names = lines.map(({ name }) => name);
  const y = {
    field: 'name',
    type: 'nominal',
    scale: { domain: names, paddingOuter: 0.35, paddingInner: 0.2 },
    axis: { title: null, labelLimit: 230, domain: false, ticks: false },
  };
  const mean = lines.flatMap(({ name, value, error }) =>
    value === null ? [] : [{ name, value, low: value - (error ?? 0), high: value + (error ?? 0) }],
  );
  const needed = lines.flatMap(({ name, needed }) => (needed === undefined ? [] : [{ name, value: needed }]));
  const single = lines.flatMap(({ name, single }) => single.map((value) => ({ name, value })));
  const panel = {
    ...frame(WIDTH, lines.length * ROW + 46),
    layer: [
      {
        data: { values: [{ low: -noise, high: noise }] },
        mark: { type: 'rect', color: colours.band },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      {
        data: { values: [{ value: 0 }] },
        mark: { type: 'rule', color: colours.before, strokeWidth: 1.6 },
        encoding: { x },
      },
      {
        data: { values: single },
        mark: { type: 'point', filled: true, size: 30, color: colours.grey, opacity: 0.75 },
        encoding: { x, y },
      },
      {
        data: { values: needed },
        mark: { type: 'tick', color: colours.red, thickness: 1.6, size: ROW * 0.6 },
        encoding: { x, y },
      },
      {
        data: { values: mean },
        mark: { type: 'rule', color: colours.orange, strokeWidth: 2 },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' }, y },
      },
      {
        data: { values: mean },
        mark: { type: 'point', filled: true, size: 95, color: colours.orange, opacity: 1 },
        encoding: { x, y },
      },
    ],
  } as unknown as TopLevelSpec;
  return {
    panels: [panel],
    legend: [
      { label: 'candidate', colour: colours.orange, mark: 'dot' },
      ...(single.length > 0 ? [{ label: 'single runs', colour: colours.grey, mark: 'dot' as const }] : []),
      { label: 'best before', colour: colours.before, mark: 'line' },
      { label: 'noise band', colour: colours.band, mark: 'band' },
      ...(needed.length > 0 ? [{ label: 'needed', colour: colours.red, mark: 'line' as const }] : []),
    ],
  };
}
