import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { WorldFacts } from './facts.ts';

const BLUE = '#1b4f8a';
const ORANGE = '#d9822b';
const GREY = '#9aa5b1';

/**
 * Draws a world's facts as one SVG of three panels, without canvas or DOM: the same bytes for the same facts.
 */
export async function drawWorld(facts: WorldFacts): Promise<string> {
  const view = new vega.View(vega.parse(compile(specOf(facts)).spec), { renderer: 'none' });
  try {
    const svg = await view.toSVG();
    return `${svg.replace('>', '><title>Samples of a world: firing rates, true L0 and a tree</title>')}\n`;
  } finally {
    view.finalize();
  }
}

function specOf({ rates, l0, meanL0, tree, rows }: WorldFacts): TopLevelSpec {
  const panel = { width: 250, height: 200 };
  return {
    background: 'white',
    padding: 10,
    // Without an aria label for each mark, which makes the file a third smaller.
    config: { aria: false, font: 'sans-serif', view: { stroke: null }, axis: { gridColor: '#edf0f3' } },
    hconcat: [
      {
        ...panel,
        title: 'Firing rate by rank: real below base',
        // A log scale has no zero: features that were silent in the sample are left out.
        data: { values: rates.filter(({ real }) => real > 0) },
        encoding: {
          x: {
            field: 'rank',
            type: 'quantitative',
            scale: { type: 'log', domain: [1, rates.length], nice: false },
            axis: { title: 'Feature (rank)', values: [1, 10, 100, 1000, 10_000], grid: false },
          },
        },
        layer: [
          {
            mark: { type: 'point', filled: true, size: 12, opacity: 0.8 },
            encoding: {
              y: {
                field: 'real',
                type: 'quantitative',
                scale: { type: 'log' },
                axis: { title: `Share of ${rows.toLocaleString('en-US')} samples`, tickCount: 4 },
              },
              color: {
                field: 'kind',
                type: 'nominal',
                scale: { domain: ['base probability', 'flat', 'in a tree'], range: [GREY, BLUE, ORANGE] },
                legend: { title: null, orient: 'bottom-left' },
              },
            },
          },
          {
            mark: { type: 'line', color: GREY, strokeWidth: 2 },
            encoding: { y: { field: 'base', type: 'quantitative' } },
          },
        ],
      },
      {
        ...panel,
        title: `True L0: ${meanL0.toFixed(1)} active features on average`,
        data: { values: l0 },
        mark: { type: 'bar', color: BLUE },
        encoding: {
          x: {
            field: 'active',
            type: 'ordinal',
            axis: { title: 'Active features', labelAngle: 0, labelOverlap: true },
          },
          y: { field: 'share', type: 'quantitative', axis: { title: 'Share of samples', format: '%' } },
        },
      },
      {
        ...panel,
        title: 'One tree: area is the firing rate',
        data: { values: tree },
        encoding: {
          x: { field: 'x', type: 'quantitative', scale: { nice: false, padding: 6 }, axis: null },
          y: {
            field: 'depth',
            type: 'quantitative',
            scale: { reverse: true, nice: false },
            axis: { title: 'Depth', values: [0, 1, 2, 3], format: 'd', grid: false },
          },
        },
        layer: [
          {
            mark: { type: 'rule', color: GREY, strokeWidth: 0.7 },
            encoding: { x2: { field: 'parentX' }, y2: { field: 'parentDepth' } },
          },
          {
            mark: { type: 'point', filled: true, color: ORANGE, opacity: 1 },
            encoding: {
              size: {
                field: 'real',
                type: 'quantitative',
                scale: { range: [0, 400], zero: true },
                legend: null,
              },
            },
          },
        ],
      },
    ],
  };
}
