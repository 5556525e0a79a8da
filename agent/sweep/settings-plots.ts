import type { TopLevelSpec } from 'vega-lite';
import { label } from '../report/document/names.ts';
import { colourAt, domainOf, FONT, series } from '../report/plots/theme.ts';
import { plot } from '../report/plots/vega.ts';
import type { Row } from './rows.ts';

/** A plot as SVG, and what it is called. */
export interface Picture {
  name: string;
  svg: string;
}

/** A ratio of the largest to the smallest value from which an axis is logarithmic. */
const WIDE = 20;

/**
 * One plot for each swept setting: the metrics against its values, with the spread over seeds, and a line for
 * each experiment and combination of the other settings. For two settings also a heat map of the first
 * metric.
 */
export async function settingsPlots(
  rows: readonly Row[],
  keys: readonly string[],
  metrics: readonly string[],
): Promise<Picture[]> {
  const measured = rows.filter(({ mean }) => metrics.some((metric) => Number.isFinite(mean[metric])));
  if (measured.length === 0) return [];
  const pictures: Picture[] = [];
  for (const key of keys)
    pictures.push({ name: `by ${key}`, svg: await drawn(lines(measured, key, keys, metrics)) });
  const [across, down] = keys;
  const [metric] = metrics;
  if (keys.length === 2 && across !== undefined && down !== undefined && metric !== undefined)
    pictures.push({
      name: `${across} and ${down}`,
      svg: await drawn(heatMaps(measured, [across, down], metric)),
    });
  return pictures;
}

async function drawn(spec: object): Promise<string> {
  const svg = await plot({ ...spec, background: 'white' } as unknown as TopLevelSpec);
  // Where the report's font is not installed, a viewer would use its own serif font.
  return svg.replaceAll(FONT, `'${FONT}', sans-serif`);
}

function lines(
  rows: readonly Row[],
  key: string,
  keys: readonly string[],
  metrics: readonly string[],
): object {
  const texts = [...new Set(rows.map(({ settings }) => settings[key] ?? ''))];
  const numbers = texts.map(numberOf);
  const numeric = numbers.every((value) => value !== null);
  const [low, high] = [Math.min(...numbers.map(Number)), Math.max(...numbers.map(Number))];
  const log = numeric && low > 0 && high / low >= WIDE;
  const groupOf = ({ experiment, settings }: Row) =>
    [experiment, ...keys.filter((each) => each !== key).map((each) => `${each}=${settings[each]}`)].join(' ');
  const groups = [...new Set(rows.map(groupOf))];
  const x = numeric
    ? {
        ...{ field: 'x', type: 'quantitative', axis: { title: key, values: numbers, format: '~g' } },
        scale: { type: log ? 'log' : 'linear', zero: false, nice: false, padding: 12 },
      }
    : { field: 'x', type: 'ordinal', sort: texts, axis: { title: key, labelAngle: 0 } };
  const color = {
    ...{ field: 'group', type: 'nominal' },
    legend: { orient: 'bottom', columns: 2, title: null, labelLimit: 500, symbolLimit: 60 },
    scale: { domain: groups, range: groups.map((_, i) => colourAt(series, i)) },
  };
  const panels = metrics.map((metric) => {
    const points = rows.flatMap((row) => {
      const [value, apart = 0] = [row.mean[metric], row.spread[metric]];
      if (value === undefined || !Number.isFinite(value)) return [];
      const text = row.settings[key] ?? '';
      const bar = { low: value - apart, high: value + apart };
      return [{ group: groupOf(row), x: numeric ? numberOf(text) : text, value, ...bar }];
    });
    const ends = points.flatMap(({ low, high }) => [low, high]);
    const scale = { domain: ends.length > 0 ? domainOf(ends, 0.12) : [0, 1], nice: false, zero: false };
    const y = { field: 'value', type: 'quantitative', scale, axis: { title: label(metric) } };
    return {
      ...{ width: 300, height: 200, data: { values: points } },
      layer: [
        {
          mark: { type: 'rule', strokeWidth: 1.2, opacity: 0.6 },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'line', strokeWidth: 2, point: { size: 60, opacity: 1 } },
          encoding: { x, y, color },
        },
      ],
    };
  });
  return { hconcat: panels, spacing: 24 };
}

/** A panel for each experiment: the mean of the metric in each pair of values. */
function heatMaps(rows: readonly Row[], [across, down]: readonly [string, string], metric: string): object {
  const values = rows.flatMap(({ mean }) => mean[metric] ?? []);
  const middle = (Math.min(...values) + Math.max(...values)) / 2;
  const axis = (field: string, key: string) => {
    const texts = [...new Set(rows.map(({ settings }) => settings[key] ?? ''))];
    return { field, type: 'ordinal', sort: texts, axis: { title: key, labelAngle: 0 } };
  };
  const [x, y] = [axis('x', across), axis('y', down)];
  const panels = [...new Set(rows.map(({ experiment }) => experiment))].map((experiment) => {
    const cells = rows.flatMap(({ experiment: of, settings, mean }) => {
      const value = mean[metric];
      if (of !== experiment || value === undefined) return [];
      return [{ x: settings[across], y: settings[down], value, text: value.toFixed(3) }];
    });
    const color = {
      ...{ field: 'value', type: 'quantitative', legend: null },
      scale: { scheme: 'blues', domain: [Math.min(...values), Math.max(...values)] },
    };
    const light = { condition: { test: `datum.value > ${middle}`, value: 'white' }, value: '#1f2933' };
    return {
      ...{ title: `${experiment}: ${label(metric)}`, width: { step: 64 }, height: { step: 36 } },
      data: { values: cells },
      layer: [
        { mark: { type: 'rect' }, encoding: { x, y, color } },
        {
          mark: { type: 'text' },
          encoding: { x, y, text: { field: 'text', type: 'nominal' }, color: light },
        },
      ],
    };
  });
  return { hconcat: panels, spacing: 24 };
}

/** A value as a number, where it is one: 3, 1e-3, 1/3. */
function numberOf(text: string): number | null {
  const [, over, under] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const value = over === undefined ? Number(text) : Number(over) / Number(under);
  return text !== '' && Number.isFinite(value) ? value : null;
}
