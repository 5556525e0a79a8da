import type { Block } from '../document/tree.ts';
import { plotSpec, plotWithin } from '../plots/vega.ts';
import { limits } from './guards.ts';

/** Draws the Vega-Lite specs of one text; a line with the reason stands in place of one that fails. */
export function plotReader(): (spec: string) => Promise<Block> {
  let spent = 0;
  return async (spec) => {
    const started = performance.now();
    try {
      if (spent > limits.allPlotSeconds) throw new Error(`the plots before it took ${Math.round(spent)} s`);
      const picture = {
        kind: 'plot' as const,
        panels: [await plotWithin(limits.plotSeconds, plotSpec(spec))],
        legend: [],
      };
      return { t: 'figure', picture, alt: 'plot of the researcher', caption: null };
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/\n.*/s, '') : 'cannot be drawn';
      return { t: 'missing', what: 'a vega-lite plot', why: why.slice(0, 200) };
    } finally {
      spent += (performance.now() - started) / 1000;
    }
  };
}
