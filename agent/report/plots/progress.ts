import type { TopLevelSpec } from 'vega-lite';
import type { Profile } from '#contract/profile';
import type { Sprint } from '#contract/sprint';
import { clip, label } from '../document/names.ts';
import { ceilingLayers, ceilingText } from './ceiling.ts';
import { colours, domainOf, frame, type Plot, WIDTH } from './theme.ts';

const HEIGHT = 172;

/** The panel's size inside the axes, as Vega leaves it. Only labels are placed by it. */
interface Inner {
  width: number;
  height: number;
}
const BESIDE = { width: 52, height: 46 };

/** Pixels that a tick takes with its number. */
const TICK = 48;

/** How it is drawn: `width` in plot pixels, and the names of sprints where they are not their titles. */
interface Drawn {
  width?: number;
  titleOf?(sprint: Sprint): string;
}

interface Gain {
  sprint: number;
  value: number;
  title: string;
}

/**
 * Plots the progress of one leaderboard: a dot for each verified run, a step line of the best so far, the
 * title of each sprint with a new best, the ceiling dashed. Null before the first verdict.
 */
export function progressPlot(
  sprints: readonly Sprint[],
  metric: string,
  ceiling: Profile['ceiling'],
  { width = WIDTH, titleOf = ({ title }) => title }: Drawn = {},
): Plot | null {
  const inner = { width: width - BESIDE.width, height: HEIGHT - BESIDE.height };
  const dots = sprints.flatMap((sprint) =>
    sprint.runs.flatMap(({ verdict }) => {
      const value = verdict?.metrics[metric];
      return value !== undefined && Number.isFinite(value) ? [{ sprint: sprint.number, value }] : [];
    }),
  );
  const gains = sprints.flatMap((sprint): Gain[] => {
    const value = sprint.verdict?.metrics[metric];
    return sprint.outcome === 'new-best' && value !== undefined
      ? [{ sprint: sprint.number, value, title: clip(titleOf(sprint), 32) }]
      : [];
  });
  if (dots.length + gains.length === 0) return null;
  const first = Math.min(...sprints.map((sprint) => sprint.number));
  const last = Math.max(...sprints.map((sprint) => sprint.number));
  const margin = Math.max(1, last - first) * 0.04;
  const xDomain = [first - margin, last + margin] as const;
  const values = [...dots, ...gains].map((point) => point.value).concat(ceiling ? [ceiling.value] : []);
  const yDomain = domainOf(values, 0.14);
  const x = {
    field: 'sprint',
    type: 'quantitative',
    scale: { domain: xDomain, nice: false },
    axis: { title: 'Sprint', format: 'd', values: ticks(first, last, inner.width / TICK) },
  };
  const scale = { domain: yDomain, nice: false, zero: false };
  const y = { field: 'value', type: 'quantitative', scale, axis: { title: label(metric) } };
  const newest = gains.at(-1);
  const line = newest && newest.sprint < last ? [...gains, { ...newest, sprint: last }] : gains;
  const labels = placeLabels(
    gains,
    dots,
    (sprint) => ((sprint - xDomain[0]) / (xDomain[1] - xDomain[0])) * inner.width,
    (value) => ((yDomain[1] - value) / (yDomain[1] - yDomain[0])) * inner.height,
    { inner, ceiling },
  );
  const panel = {
    ...frame(width, HEIGHT),
    layer: [
      ...(ceiling ? ceilingLayers(ceiling, scale) : []),
      {
        data: { values: line },
        mark: { type: 'line', interpolate: 'step-after', color: colours.blue, strokeWidth: 2.2 },
        encoding: { x, y },
      },
      {
        data: { values: dots },
        mark: { type: 'point', filled: true, size: 42, color: colours.grey, opacity: 0.9 },
        encoding: { x, y },
      },
      {
        data: { values: gains },
        mark: { type: 'point', filled: true, size: 80, color: colours.blue, opacity: 1 },
        encoding: { x, y },
      },
      ...labels.map((item) => ({
        data: { values: [item] },
        mark: {
          type: 'text',
          // Vega overestimates the width of text; clipped text does not shrink the panel.
          clip: true,
          align: item.align,
          baseline: 'middle',
          dx: item.align === 'left' ? 6 : -6,
          dy: item.dy,
          fontWeight: 600,
          color: colours.blue,
        },
        encoding: { x, y, text: { field: 'title' } },
      })),
    ],
  } as unknown as TopLevelSpec;
  return {
    panels: [panel],
    legend: [
      { label: 'best so far (verified)', colour: colours.blue, mark: 'line' },
      { label: 'single run', colour: colours.grey, mark: 'dot' },
    ],
  };
}

/** Ticks at whole sprint numbers, about so many of them. */
function ticks(first: number, last: number, most: number): number[] {
  const step = Math.max(1, Math.ceil((last - first) / Math.floor(most)));
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * Places the names of the gains, the newest first: right or left of the dot, above or below the line,
 * wherever nothing overlaps. A name may cover the dots of single runs where no other place is free, and is
 * left out where no place is free at all.
 */
function placeLabels(
  gains: readonly Gain[],
  dots: readonly Pick<Gain, 'sprint' | 'value'>[],
  px: (sprint: number) => number,
  py: (value: number) => number,
  { inner, ceiling }: { inner: Inner; ceiling: Profile['ceiling'] },
): (Gain & { align: 'left' | 'right'; dy: number })[] {
  const taken: Box[] = gains.map((gain) => around(px(gain.sprint), py(gain.value), 6));
  // The segments of the step line: across to the next gain, then up or down to it.
  gains.forEach((gain, index) => {
    const next = gains[index + 1];
    const [from, to] = [px(gain.sprint), next ? px(next.sprint) : inner.width];
    const y = py(gain.value);
    taken.push({ left: from, right: to, top: y - 1, bottom: y + 1 });
    // The line climbs where the goal is max and descends where it is min.
    const ends = next ? [y, py(next.value)] : [];
    if (next) taken.push({ left: to - 1, right: to + 1, top: Math.min(...ends), bottom: Math.max(...ends) });
  });
  if (ceiling) {
    const y = py(ceiling.value);
    taken.push({ left: 0, right: inner.width, top: y - 1, bottom: y + 1 });
    taken.push({ left: 0, right: ceilingText(ceiling).length * 5.4, top: y - 18, bottom: y });
  }
  const single = dots.map((dot) => around(px(dot.sprint), py(dot.value), 5));
  return gains.toReversed().flatMap((gain) => {
    const [x, y, length] = [px(gain.sprint), py(gain.value), gain.title.length * 5.4];
    const free = PLACES.map(({ dy, align }) => {
      const left = align === 'left' ? x + 6 : x - 6 - length;
      return { dy, align, box: { left, right: left + length, top: y + dy - 7, bottom: y + dy + 7 } };
    }).filter(({ box }) => inside(box, inner) && !taken.some((other) => overlap(box, other)));
    const place = free.find(({ box }) => !single.some((dot) => overlap(box, dot))) ?? free[0];
    if (!place) return [];
    taken.push(place.box);
    return [{ ...gain, align: place.align, dy: place.dy }];
  });
}

/** Possible places of a name beside its dot, the best first. */
const PLACES = [-11, 12, -24, 25].flatMap((dy) =>
  (['left', 'right'] as const).map((align) => ({ dy, align })),
);

const inside = (box: Box, inner: Inner) =>
  box.left >= 0 && box.right <= inner.width && box.top >= 0 && box.bottom <= inner.height;

const around = (x: number, y: number, by: number): Box => ({
  left: x - by,
  right: x + by,
  top: y - by,
  bottom: y + by,
});

const overlap = (a: Box, b: Box) =>
  a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
