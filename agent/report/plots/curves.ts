import type { TopLevelSpec } from 'vega-lite';
import type { SprintRun } from '#contract/sprint';
import { label, number } from '../document/names.ts';
import { colourAt, colours, domainOf, frame, type Plot, panelWidth, sampleAxis, series } from './theme.ts';

interface Row {
  run: string;
  samples: number;
  value: number;
}

/** What the runs are laid over: the curves of the best before, and the band that is noise. */
export interface Behind {
  name: string;
  run: SprintRun;
  /** The verified metric of the best before, and the noise; null: nothing to shade. */
  band: { value: number; noise: number } | null;
}

/**
 * Plots a sprint's training curves over training samples: the numbers that the trainer logged (those of
 * `usual` where logged, else the first two), and the metric measured on snapshots. `names` maps the runs to
 * draw to their shown names, the most important first; runs beyond the palette are drawn in grey behind.
 * Null when no run logged anything.
 */
export function curvesPlot(
  own: readonly SprintRun[],
  ownNames: ReadonlyMap<string, string>,
  metric: string,
  usual: readonly string[],
  behind: Behind | null = null,
  width?: number,
): Plot | null {
  const laid = behind !== null && !ownNames.has(behind.run.id) ? behind : null;
  const runs = laid ? [...own, laid.run] : own;
  const names = new Map([...ownNames, ...(laid ? [[laid.run.id, laid.name] as const] : [])]);
  const keys = new Set(own.flatMap((run) => run.curve.flatMap((point) => Object.keys(point.values))));
  const logged = usual.filter((key) => keys.has(key));
  const panels = (logged.length > 0 ? logged : [...keys].slice(0, 2)).map((key) => ({
    name: label(key),
    measured: false,
    rows: rowsOf(runs, names, (run) => run.curve.map((p) => ({ samples: p.samples, value: p.values[key] }))),
  }));
  panels.push({
    name: label(metric),
    measured: true,
    rows: rowsOf(runs, names, (run) =>
      run.evals.map((p) => ({ samples: p.samples, value: p.metrics[metric] })),
    ),
  });
  const ours = new Set(ownNames.values());
  const drawn = panels.filter((panel) => panel.rows.some(({ run }) => ours.has(run)));
  if (drawn.length === 0) return null;
  const shown = [...ours].filter((name) => drawn.some((panel) => panel.rows.some((row) => row.run === name)));
  const front = shown.slice(0, series.length);
  return {
    panels: drawn.map((panel) => curvePanel(panel, front, laid, panelWidth(drawn.length, width))),
    legend: [
      ...front.map((name, index) => ({
        label: name,
        colour: colourAt(series, index),
        mark: 'line' as const,
      })),
      ...(shown.length > front.length
        ? [{ label: `${shown.length - front.length} more`, colour: colours.grey, mark: 'line' as const }]
        : []),
      ...(laid ? [{ label: laid.name, colour: colours.before, mark: 'dash' as const }] : []),
      ...(laid?.band && drawn.some(({ measured }) => measured)
        ? [
            {
              label: `noise around ${number(laid.band.value)} of the best before`,
              colour: colours.band,
              mark: 'band' as const,
            },
          ]
        : []),
    ],
  };
}

function rowsOf(
  runs: readonly SprintRun[],
  names: ReadonlyMap<string, string>,
  points: (run: SprintRun) => { samples: number; value: number | undefined }[],
): Row[] {
  return runs.flatMap((run) => {
    const name = names.get(run.id);
    if (name === undefined) return [];
    return points(run).flatMap(({ samples, value }) =>
      value !== undefined && Number.isFinite(value) ? [{ run: name, samples, value }] : [],
    );
  });
}

function curvePanel(
  panel: { name: string; measured: boolean; rows: Row[] },
  front: readonly string[],
  behind: Behind | null,
  width: number,
): TopLevelSpec {
  const band = panel.measured && behind?.band ? behind.band : null;
  const edges = band ? [band.value - band.noise, band.value + band.noise] : [];
  const values = [...panel.rows.map((row) => row.value), ...edges];
  // A loss falls by orders of magnitude: on a linear axis the end of the curve looks flat.
  const log = !panel.measured && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 5;
  const x = {
    field: 'samples',
    type: 'quantitative',
    axis: sampleAxis,
    scale: { domain: [0, Math.max(...panel.rows.map((row) => row.samples))], nice: false },
  };
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: log
      ? { type: 'log', nice: false }
      : { domain: domainOf(values, 0.06, 0.15 * Math.max(...values.map(Math.abs))), zero: false, nice: true },
    axis: {
      title: `${panel.name}${log ? ' (log scale)' : ''}`,
      tickCount: 5,
      ...(log ? { format: '~g', values: logTicks(Math.min(...values), Math.max(...values)) } : {}),
    },
  };
  const inFront = { field: 'run', oneOf: front };
  const line = { type: 'line', strokeJoin: 'round', clip: false };
  return {
    ...frame(width, 162),
    title: { text: panel.measured ? 'measured on snapshots' : 'logged by the trainer' },
    data: { values: panel.rows },
    layer: [
      ...(band
        ? [
            {
              data: { values: [{ low: edges[0], high: edges[1] }] },
              mark: { type: 'rect', color: colours.band },
              encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } },
            },
          ]
        : []),
      {
        transform: [
          { filter: { and: [{ not: inFront }, { not: { field: 'run', equal: behind?.name ?? '' } }] } },
        ],
        mark: { ...line, color: colours.grey, strokeWidth: 1, opacity: 0.5 },
        encoding: { x, y, detail: { field: 'run' } },
      },
      ...(behind
        ? [
            {
              transform: [{ filter: { field: 'run', equal: behind.name } }],
              mark: { ...line, color: colours.before, strokeWidth: 1.8, strokeDash: [5, 3] },
              encoding: { x, y },
            },
          ]
        : []),
      // The most important run is drawn last, on top of the others.
      ...front.toReversed().map((name) => {
        const color = series[front.indexOf(name)];
        return {
          transform: [{ filter: { field: 'run', equal: name } }],
          mark: { ...line, color, strokeWidth: 1.8, point: panel.measured ? { size: 28, color } : false },
          encoding: { x, y },
        };
      }),
    ],
  } as unknown as TopLevelSpec;
}

/** Ticks of a logarithmic axis: 1, 2 and 5 of each power of ten, or the powers alone where these are many. */
function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const steps = last - first > 3 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
  return powers
    .flatMap((power) => steps.map((step) => Number((step * power).toPrecision(6))))
    .filter((tick) => tick >= low && tick <= high);
}
