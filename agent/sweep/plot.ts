import type { TopLevelSpec } from 'vega-lite';
import type { Profile } from '#contract/profile';
import type { TaskContract } from '#contract/task-contract';
import { label } from '../report/document/names.ts';
import { ceilingLayers } from '../report/plots/ceiling.ts';
import { baselineSeries, domainOf, FONT, series } from '../report/plots/theme.ts';
import { plot } from '../report/plots/vega.ts';
import { type Grid, swept } from './grid.ts';
import type { Row } from './rows.ts';

type Against = NonNullable<TaskContract['plots']['against']>;

interface Point {
  group: string;
  x: number;
  value: number;
}

/** More colours than the lines and single experiments of one sweep need; beyond them the colours repeat. */
const strong = [...series, '#2f7f8f', '#b5651d', '#5b6b2f', '#7a3b69', '#c99700', '#444c56'];

/**
 * Plots each of `metrics` against the number that the task names for it, as one SVG. Experiments that differ
 * in a number at the end of their names are one line, others are dots; published curves of the profile stand
 * muted behind. Null where there is nothing to draw.
 */
export async function sweepPlot(
  rows: readonly Row[],
  profile: Pick<Profile, 'baselines' | 'ceiling'>,
  metrics: readonly string[],
  against: Against,
): Promise<string | null> {
  const { field } = against;
  const measured = rows.filter(({ mean }) => Number.isFinite(mean[field]));
  const shown = metrics.filter((metric) => measured.some(({ mean }) => Number.isFinite(mean[metric])));
  if (shown.length === 0) return null;
  const groups = groupsOf(measured.map(({ name }) => name));
  const own = [...new Set(groups.values())];
  const published = profile.baselines.map((line) => `${line.label} (published)`);
  const color = {
    field: 'group',
    type: 'nominal',
    legend: { orient: 'bottom', columns: 3, title: null, labelLimit: 400, columnPadding: 12 },
    scale: {
      domain: [...own, ...published],
      range: [
        ...own.map((_, i) => strong[i % strong.length]),
        ...published.map((_, i) => baselineSeries[i % baselineSeries.length]),
      ],
    },
  };
  const panels = shown.map((metric, index) => {
    const mine = measured.map(({ name, mean }) => ({
      group: groups.get(name) ?? name,
      x: mean[field] ?? Number.NaN,
      value: mean[metric] ?? Number.NaN,
    }));
    const behind = profile.baselines.flatMap((line) =>
      line.points.map((point) => ({
        group: `${line.label} (published)`,
        x: point[field] ?? Number.NaN,
        value: point[metric] ?? Number.NaN,
      })),
    );
    const ceiling = index === 0 ? profile.ceiling : null;
    return panel(metric, mine.filter(isWhole), behind.filter(isWhole), ceiling, against, color);
  });
  const svg = await plot({ hconcat: panels, spacing: 24, background: 'white' } as unknown as TopLevelSpec);
  // Where the report's font is not installed, a viewer would use its own serif font.
  return svg.replaceAll(FONT, `'${FONT}', sans-serif`);
}

/** `l0_15` and `l0_20` form one line, `l0_*`; a name without such a sibling forms its own. */
function groupsOf(names: readonly string[]): Map<string, string> {
  const stem = (name: string) => name.replace(/_\d+(\.\d+)?$/, '_*');
  return new Map(
    names.map((name) => [
      name,
      names.filter((other) => stem(other) === stem(name)).length > 1 ? stem(name) : name,
    ]),
  );
}

const isWhole = ({ x, value }: Point) => Number.isFinite(x) && Number.isFinite(value);

function panel(
  metric: string,
  mine: readonly Point[],
  behind: readonly Point[],
  ceiling: Profile['ceiling'],
  against: Against,
  color: object,
): object {
  const all = [...mine, ...behind];
  const xs = all.map(({ x }) => x);
  // Runs of the same size differ by noise only: do not zoom into that range.
  const [low, high] = domainOf(xs, 0.07, 0.4 * Math.max(...xs));
  const values = all.map(({ value }) => value).concat(ceiling ? [ceiling.value] : []);
  const scale = { domain: domainOf(values, 0.12), nice: false, zero: false };
  const encoding = {
    x: {
      field: 'x',
      type: 'quantitative',
      scale: { domain: [Math.max(0, low), high], nice: false },
      axis: { title: against.label, tickCount: 6 },
    },
    y: { field: 'value', type: 'quantitative', scale, axis: { title: label(metric) } },
    color,
  };
  const lines = (values: readonly Point[], strokeWidth: number, size: number) => ({
    data: { values },
    mark: { type: 'line', strokeWidth, point: { size, opacity: 1 } },
    encoding,
  });
  return {
    width: 300,
    height: 200,
    layer: [...(ceiling ? ceilingLayers(ceiling, scale) : []), lines(behind, 1.5, 24), lines(mine, 2, 70)],
  };
}

/**
 * The rows of a plot against the number `field`: those of one experiment are one line, which follows the
 * swept setting that moves `field` most. Each combination of the other settings is a line of its own.
 */
export function byExperiment(rows: readonly Row[], grid: Grid, field: string): Row[] {
  const keys = swept(grid);
  const without = (key: string | undefined) => (row: Row) =>
    [row.experiment, ...keys.filter((k) => k !== key).map((k) => `${k}=${row.settings[k]}`)].join(' ');
  const reach = (key: string) => {
    const lines = new Map<string, number[]>();
    for (const row of rows.filter(({ mean }) => Number.isFinite(mean[field])))
      lines.set(without(key)(row), [...(lines.get(without(key)(row)) ?? []), row.mean[field] ?? 0]);
    return [...lines.values()].reduce((sum, all) => sum + Math.max(...all) - Math.min(...all), 0);
  };
  const [along] = keys.toSorted((a, b) => reach(b) - reach(a));
  return keys.length === 0 ? [...rows] : rows.map((row) => ({ ...row, name: without(along)(row) }));
}
