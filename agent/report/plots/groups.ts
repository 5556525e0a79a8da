import type { TopLevelSpec } from 'vega-lite';
import type { Group } from '#contract/verdict';
import { label } from '../document/names.ts';
import { colours, domainOf, frame, type Plot, panelWidth } from './theme.ts';

/** One way to part what was measured, before and after. */
export interface GroupsOfKind {
  kind: string;
  before: readonly Group[];
  after: readonly Group[];
}

const ROW = 24;

/**
 * Plots the mean of a metric in each group, before and after, with a panel for each way to part. Null where
 * no group has the metric.
 */
export function groupsPlot(kinds: readonly GroupsOfKind[], metric: string, width?: number): Plot | null {
  const shown = kinds.filter(({ after }) => after.some((group) => group.metrics[metric] !== undefined));
  if (shown.length === 0) return null;
  const all = shown.flatMap(({ before, after }) => [...before, ...after]);
  const values = all.flatMap((group) => group.metrics[metric] ?? []);
  const most = Math.max(...shown.map((each) => namesOf(each).length));
  const panels = shown.map((each) => panel(each, metric, values, panelWidth(shown.length, width), most));
  const had = shown.some(({ before }) => before.length > 0);
  return {
    panels,
    legend: [
      { label: 'candidate', colour: colours.orange, mark: 'dot' },
      ...(had ? [{ label: 'best before', colour: colours.before, mark: 'dot' as const }] : []),
    ],
  };
}

const namesOf = ({ before, after }: GroupsOfKind) => [
  ...new Set([...after, ...before].map((group) => group.name)),
];

function panel(
  of: GroupsOfKind,
  metric: string,
  values: readonly number[],
  width: number,
  most: number,
): TopLevelSpec {
  const points = (groups: readonly Group[]) =>
    groups.flatMap(({ name, metrics }) =>
      metrics[metric] === undefined ? [] : [{ name, value: metrics[metric] }],
    );
  const [before, after] = [points(of.before), points(of.after)];
  const steps = after.flatMap((point) => {
    const was = before.find(({ name }) => name === point.name);
    return was ? [{ name: point.name, low: was.value, high: point.value }] : [];
  });
  const scale = { domain: domainOf(values, 0.08), nice: false, zero: false };
  const x = { field: 'value', type: 'quantitative', scale, axis: { title: label(metric), tickCount: 5 } };
  const y = {
    field: 'name',
    type: 'nominal',
    scale: { domain: namesOf(of), paddingOuter: 0.3, paddingInner: 0.2 },
    axis: { title: null, domain: false, ticks: false, grid: true, labelLimit: 120 },
  };
  const dots = (data: object[], color: string, size: number) => ({
    data: { values: data },
    mark: { type: 'point', filled: true, size, color, opacity: 1 },
    encoding: { x, y },
  });
  return {
    ...frame(width, most * ROW + 66),
    title: { text: `By ${of.kind}` },
    layer: [
      {
        data: { values: steps },
        mark: { type: 'rule', color: colours.grey, strokeWidth: 1.4 },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' }, y },
      },
      dots(before, colours.before, 60),
      dots(after, colours.orange, 95),
    ],
  } as unknown as TopLevelSpec;
}
