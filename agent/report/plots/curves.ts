import type { TopLevelSpec } from 'vega-lite';
import type { SprintRun } from '#contract/sprint';
import { label } from '../document/names.ts';
import { colourAt, colours, domainOf, frame, type Plot, panelWidth, sampleAxis, series } from './theme.ts';

interface Row {
  run: string;
  samples: number;
  value: number;
}

/**
 * Plots a sprint's training curves over training samples: the numbers that the trainer logged (those of
 * `usual` where logged, else the first two), and the metric measured on snapshots. `names` maps the runs to
 * draw to their shown names, the most important first; runs beyond the palette are drawn in grey behind.
 * Null when no run logged anything.
 */
export function curvesPlot(
  runs: readonly SprintRun[],
  names: ReadonlyMap<string, string>,
  metric: string,
  usual: readonly string[],
): Plot | null {
  const keys = new Set(runs.flatMap((run) => run.curve.flatMap((point) => Object.keys(point.values))));
  const logged = usual.filter((key) => keys.has(key));
  const panels = (logged.length > 0 ? logged : [...keys].slice(0, 2)).map((key) => ({
    title: label(key),
    measured: false,
    rows: rowsOf(runs, names, (run) => run.curve.map((p) => ({ samples: p.samples, value: p.values[key] }))),
  }));
  panels.push({
    title: `${label(metric)}, measured on snapshots`,
    measured: true,
    rows: rowsOf(runs, names, (run) =>
      run.evals.map((p) => ({ samples: p.samples, value: p.metrics[metric] })),
    ),
  });
  const drawn = panels.filter((panel) => panel.rows.length > 0);
  if (drawn.length === 0) return null;
  const shown = [...names.values()].filter((name) =>
    drawn.some((panel) => panel.rows.some((row) => row.run === name)),
  );
  const front = shown.slice(0, series.length);
  return {
    panels: drawn.map((panel) => curvePanel(panel, front, panelWidth(drawn.length))),
    legend: [
      ...front.map((name, index) => ({
        label: name,
        colour: colourAt(series, index),
        mark: 'line' as const,
      })),
      ...(shown.length > front.length
        ? [{ label: `${shown.length - front.length} more`, colour: colours.grey, mark: 'line' as const }]
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
  panel: { title: string; measured: boolean; rows: Row[] },
  front: readonly string[],
  width: number,
): TopLevelSpec {
  const values = panel.rows.map((row) => row.value);
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
    axis: { title: null, tickCount: 5, ...(log ? { format: '~g' } : {}) },
  };
  const inFront = { field: 'run', oneOf: front };
  const line = { type: 'line', strokeJoin: 'round', clip: false };
  return {
    ...frame(width, 162),
    title: { text: panel.title },
    data: { values: panel.rows },
    layer: [
      {
        transform: [{ filter: { not: inFront } }],
        mark: { ...line, color: colours.grey, strokeWidth: 1, opacity: 0.5 },
        encoding: { x, y, detail: { field: 'run' } },
      },
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
