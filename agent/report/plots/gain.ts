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

/** Pixels of a line with its name beside it, and with its name above it. */
const ROW = { beside: 26, above: 40 };
/** The most that a name takes beside its line: where that is more than half the width, it stands above. */
const NAME = 230;
/** The share of a line that its name takes where it stands above. */
const SHARE = 0.45;

/**
 * Plots how far a candidate is from the best before, by each measurement that there is, with the band in
 * which a difference is noise. `better`: the side of the gains; `width` in plot pixels. Null without a
 * difference.
 */
export function gainPlot(
  lines: readonly Differences[],
  noise: number,
  better: 'right' | 'left',
  width = WIDTH,
): Plot | null {
  const values = lines.flatMap(({ value, error = 0, single, needed }) => [
    ...(value === null ? [] : [value - error, value + error]),
    ...(needed === undefined ? [] : [needed]),
    ...single,
  ]);
  if (values.length === 0) return null;
  const above = width < 2 * NAME;
  const row = above ? ROW.above : ROW.beside;
  const bare = row * (1 - SHARE);
  const title = ['Difference to the best before', `(${better} is better)`];
  const x = {
    field: 'value',
    type: 'quantitative',
    scale: { domain: domainOf([...values, -noise, noise, 0], 0.08, 1e-4), nice: false, zero: false },
    axis: {
      // Vega overestimates the width of text: a title that seems wider than the panel would shrink it.
      title: above ? title : title.join(' '),
      tickCount: above ? 4 : 7,
      labelExpr: "datum.value === 0 ? '0' : format(datum.value, '+~g')",
      grid: false,
    },
  };
  const names = lines.map(({ name }) => name);
  const y = {
    field: 'name',
    type: 'nominal',
    scale: above
      ? { domain: names, paddingOuter: SHARE / 2, paddingInner: SHARE, align: 1 }
      : { domain: names, paddingOuter: 0.35, paddingInner: 0.2 },
    axis: above ? null : { title: null, labelLimit: NAME, domain: false, ticks: false },
  };
  // Names above their lines stand between pieces of the band, and not on it.
  const pieces = above ? names.map((name) => ({ name })) : [{}];
  const inPiece = above ? { y } : {};
  const mean = lines.flatMap(({ name, value, error }) =>
    value === null ? [] : [{ name, value, low: value - (error ?? 0), high: value + (error ?? 0) }],
  );
  const needed = lines.flatMap(({ name, needed }) => (needed === undefined ? [] : [{ name, value: needed }]));
  const single = lines.flatMap(({ name, single }) => single.map((value) => ({ name, value })));
  const panel = {
    ...frame(width, lines.length * row + (above ? 58 : 46)),
    layer: [
      {
        data: { values: pieces.map((piece) => ({ ...piece, low: -noise, high: noise })) },
        mark: { type: 'rect', color: colours.band },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' }, ...inPiece },
      },
      {
        data: { values: pieces.map((piece) => ({ ...piece, value: 0 })) },
        mark: above
          ? { type: 'tick', opacity: 1, color: colours.before, thickness: 1.6, size: bare }
          : { type: 'rule', color: colours.before, strokeWidth: 1.6 },
        encoding: { x, ...inPiece },
      },
      {
        data: { values: single },
        mark: { type: 'point', filled: true, size: 30, color: colours.grey, opacity: 0.75 },
        encoding: { x, y },
      },
      {
        data: { values: needed },
        mark: { type: 'tick', color: colours.red, thickness: 1.6, size: ROW.beside * 0.6 },
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
      ...(above
        ? [
            {
              data: { values: pieces },
              // Vega overestimates the width of text; clipped text does not shrink the panel.
              mark: {
                type: 'text',
                clip: true,
                align: 'left',
                baseline: 'bottom',
                dy: -bare / 2 - 1,
              },
              encoding: { x: { value: 2 }, y, text: { field: 'name' } },
            },
          ]
        : []),
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
