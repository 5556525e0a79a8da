import type { Config, TopLevelSpec } from 'vega-lite';
import type { LegendItem } from '../document/tree.ts';

/** One palette for plots, PDF and HTML. */
export const colours = {
  ink: '#1f2933',
  muted: '#5f6f7f',
  line: '#dfe5ea',
  axis: '#9aa7b3',
  blue: '#1b4f8a',
  orange: '#d9822b',
  red: '#c0392b',
  grey: '#9aa5b1',
  /** The best before: never as strong as the run that is looked at. */
  before: '#7f8fa0',
  /** Behind everything: differences in it are noise. */
  band: '#ccd8e3',
} as const;

/** Colours of runs and other series, in this order: ours are strong, the published ones muted. */
export const series = ['#d9822b', '#1b4f8a', '#3f9c7a', '#8e5ea2', '#c0504d', '#8a8f2a'];
export const baselineSeries = ['#9aa5b1', '#7ba3cf', '#8fbfa8', '#c3a6cf', '#c9b37e', '#6d7b88'];

/** The colour of a series; the palette repeats after its last colour. */
export const colourAt = (palette: readonly string[], index: number): string =>
  palette[index % palette.length] ?? colours.grey;

export const FONT = 'Source Sans 3';

/** Width of the text column in plot pixels; one pixel is 0.75 pt in the PDF. */
export const WIDTH = 640;

/** The same on a phone, where a plot as wide as the column would have letters that nobody can read. */
export const PHONE = 340;

/** Pixels between panels that stand side by side. */
const GAP = 20;

/** The outer width of each of `count` panels that share `width`. */
export const panelWidth = (count: number, width = WIDTH) => Math.floor((width - GAP * (count - 1)) / count);

/** A plot before Vega-Lite draws it: panels of one size, and the legend, which the writers set. */
export interface Plot {
  panels: TopLevelSpec[];
  legend: LegendItem[];
}

/** Numbers of samples on an axis: 0, 2M, 4M. */
export const sampleAxis = {
  title: 'Training samples',
  tickCount: 4,
  labelExpr: "datum.value === 0 ? '0' : format(datum.value, '~s')",
};

/** Settings that all panels share: the outer size is exact, so that panels align and nothing is cut. */
export const frame = (width: number, height: number) => ({
  width,
  height,
  autosize: { type: 'fit', contains: 'padding' },
});

/** The range of an axis: the values with a margin, at least `least` wide, so that noise looks small. */
export function domainOf(values: readonly number[], air = 0.1, least = 0.02): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((high - low) * air, (least - (high - low)) / 2, least * air);
  return [low - room, high + room];
}

export const theme: Config = {
  background: 'transparent',
  font: FONT,
  padding: { left: 2, right: 4, top: 4, bottom: 2 },
  view: { stroke: null },
  axis: {
    labelColor: colours.ink,
    labelFontSize: 11,
    titleColor: colours.ink,
    titleFontSize: 11.5,
    titleFontWeight: 600,
    titlePadding: 8,
    domainColor: colours.axis,
    tickColor: colours.axis,
    tickSize: 4,
    gridColor: colours.line,
    labelPadding: 4,
    labelOverlap: true,
  },
  axisX: { grid: false },
  axisY: { domain: false, ticks: false, tickCount: 5 },
  legend: {
    orient: 'bottom',
    direction: 'horizontal',
    columns: 3,
    title: null,
    labelFontSize: 11.5,
    labelColor: colours.ink,
    labelLimit: 260,
    symbolSize: 80,
    symbolStrokeWidth: 2.5,
    columnPadding: 22,
    rowPadding: 3,
    offset: 8,
  },
  title: { anchor: 'start', fontSize: 12, fontWeight: 600, color: colours.ink, offset: 8 },
  text: { font: FONT, fontSize: 11, color: colours.ink },
};
