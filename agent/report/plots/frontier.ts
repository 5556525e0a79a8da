import type { TopLevelSpec } from 'vega-lite';
import type { PlainProfile } from '#contract/noise';
import type { TaskContract } from '#contract/task-contract';
import { label } from '../document/names.ts';
import type { LegendItem } from '../document/tree.ts';
import { ceilingLayers } from './ceiling.ts';
import { baselineSeries, colourAt, colours, domainOf, frame, type Plot, panelWidth } from './theme.ts';

export interface FrontierRun {
  metrics: Record<string, number>;
  role: 'candidate' | 'other run of this sprint' | 'best before' | 'earlier sprints';
}

const roles: Record<FrontierRun['role'], string> = {
  candidate: colours.orange,
  'other run of this sprint': '#efc08f',
  'best before': colours.before,
  'earlier sprints': '#b9c6d3',
};

/** The number on the x axis: its field in a verdict, and the title of the axis. */
type Against = NonNullable<TaskContract['plots']['against']>;

interface Point {
  group: string;
  x: number;
  value: number;
}

/**
 * Plots each of `metrics` against the number that the task names for it (a size, a sparsity, a cost). Our
 * runs are drawn over the profile's published baselines; the ceiling, which belongs to the first metric, is
 * dashed. Null when fewer than two points have that number.
 */
export function frontierPlot(
  runs: readonly FrontierRun[],
  profile: PlainProfile | null,
  metrics: readonly string[],
  against: Against,
  width?: number,
): Plot | null {
  const { field } = against;
  const ours = runs.filter((run) => Number.isFinite(run.metrics[field]));
  const shown = metrics.filter((metric) => ours.some((run) => Number.isFinite(run.metrics[metric])));
  const points = ours.length + (profile?.baselines ?? []).flatMap((line) => line.points).length;
  if (shown.length === 0 || points < 2) return null;
  const colourOf = new Map<string, string>();
  const legend: LegendItem[] = [];
  for (const [role, colour] of Object.entries(roles)) {
    if (!ours.some((run) => run.role === role)) continue;
    colourOf.set(role, colour);
    legend.push({ label: role, colour, mark: 'dot' });
  }
  (profile?.baselines ?? []).forEach((line, index) => {
    const colour = colourAt(baselineSeries, index);
    colourOf.set(line.label, colour);
    legend.push({ label: `${line.label} (published)`, colour, mark: 'line' });
  });
  const panels = shown.map((metric, index) => {
    const pointOf = (group: string, numbers: Record<string, number>): Point[] => {
      const [x = Number.NaN, value = Number.NaN] = [numbers[field], numbers[metric]];
      return Number.isFinite(value) ? [{ group, x, value }] : [];
    };
    const published = (profile?.baselines ?? []).flatMap((line) =>
      line.points.flatMap((point) => pointOf(line.label, point)),
    );
    const mine = ours.flatMap((run) => pointOf(run.role, run.metrics));
    const ceiling = index === 0 ? (profile?.ceiling ?? null) : null;
    const titles = { x: against.label, y: label(metric) };
    return frontierPanel(titles, mine, published, ceiling, colourOf, panelWidth(shown.length, width));
  });
  return { panels, legend };
}

function frontierPanel(
  titles: { x: string; y: string },
  mine: Point[],
  published: Point[],
  ceiling: PlainProfile['ceiling'],
  colourOf: ReadonlyMap<string, string>,
  width: number,
): TopLevelSpec {
  const all = [...mine, ...published];
  const xs = all.map((point) => point.x);
  // Runs with the same setting differ by noise only, so the axis does not zoom into their range.
  const [low, high] = domainOf(xs, 0.07, 0.4 * Math.max(...xs));
  const scale = {
    domain: domainOf(all.map((point) => point.value).concat(ceiling ? [ceiling.value] : []), 0.12),
    nice: false,
    zero: false,
  };
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { domain: [Math.max(0, low), high], nice: false },
    axis: { title: titles.x, tickCount: 6 },
  };
  const y = { field: 'value', type: 'quantitative', scale, axis: { title: titles.y } };
  const color = {
    field: 'group',
    type: 'nominal',
    legend: null,
    scale: { domain: [...colourOf.keys()], range: [...colourOf.values()] },
  };
  const dots = (group: string, size: number) => ({
    data: { values: mine.filter((point) => point.group === group) },
    mark: { type: 'point', filled: true, size, stroke: 'white', strokeWidth: 1, opacity: 1 },
    encoding: { x, y, color },
  });
  return {
    ...frame(width, 180),
    layer: [
      ...(ceiling ? ceilingLayers(ceiling, scale) : []),
      {
        data: { values: published },
        mark: { type: 'line', strokeWidth: 1.5, point: { size: 24 } },
        encoding: { x, y, color },
      },
      dots('earlier sprints', 45),
      dots('other run of this sprint', 70),
      dots('best before', 80),
      dots('candidate', 130),
    ],
  } as unknown as TopLevelSpec;
}
