import type { TopLevelSpec } from 'vega-lite';
import type { SprintRun } from '#contract/sprint';
import type { LegendItem } from '../report/document/tree.ts';
import { curvesPlot } from '../report/plots/curves.ts';
import { colours, FONT } from '../report/plots/theme.ts';
import { plot } from '../report/plots/vega.ts';

/**
 * The curves of runs in one picture, as SVG: the numbers that the trainers logged, and the metric on
 * snapshots. `names`: the runs to draw and what they are called. Null where nothing was logged.
 */
export async function overlay(
  runs: readonly SprintRun[],
  names: ReadonlyMap<string, string>,
  metric: string,
  usual: readonly string[],
): Promise<string | null> {
  const curves = curvesPlot(runs, names, metric, usual);
  if (!curves) return null;
  // Panels of a report are fitted to its column; a part of a picture cannot be.
  const panels = curves.panels.map((panel) => ({ ...panel, autosize: undefined, width: 300, height: 200 }));
  const spec = { vconcat: [{ hconcat: panels, spacing: 24 }, legend(curves.legend)], background: 'white' };
  const svg = await plot(spec as unknown as TopLevelSpec);
  // Where the report's font is not installed, a viewer would use its own serif font.
  return svg.replaceAll(FONT, `'${FONT}', sans-serif`);
}

/** A line for each run, in its colour. */
function legend(items: readonly LegendItem[]): object {
  const y = { field: 'label', type: 'nominal', sort: null, axis: null };
  const colour = { field: 'colour', type: 'nominal', scale: null };
  const at = (pixels: number) => ({ value: pixels });
  return {
    width: 600,
    height: 18 * items.length,
    data: { values: items.map(({ label, colour }) => ({ label, colour })) },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2.5 },
        encoding: { y, x: at(0), x2: at(22), color: colour },
      },
      {
        mark: { type: 'text', align: 'left', color: colours.ink },
        encoding: { y, x: at(30), text: { field: 'label', type: 'nominal' } },
      },
    ],
    view: { stroke: null },
  };
}
