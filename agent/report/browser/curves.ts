import { label } from '../document/names.ts';
import { chart, type Line } from './chart.ts';
import type { Compared } from './compared.ts';

/** Plots that are shown at once; the others unfold. */
const FIRST = 4;

/**
 * What was logged and measured while the runs trained, laid over each other: the deciding metric on
 * snapshots, what the task names, then everything else.
 */
export function curvesHtml(all: readonly Compared[], named: readonly string[]): string {
  const metrics = new Set([
    ...all.map(({ board }) => board.metric),
    ...all.flatMap(({ run }) => run.evals.flatMap(({ metrics }) => Object.keys(metrics))),
  ]);
  const logged = new Set([
    ...named,
    ...all.flatMap(({ run }) => run.curve.flatMap(({ values }) => Object.keys(values))),
  ]);
  const measured = [...metrics].map((name) => ({
    name,
    svg: chart(`${label(name)}, measured on snapshots`, measuredLines(all, name)),
  }));
  const own = [...logged].map((name) => ({
    name,
    svg: chart(`${label(name)}, logged by the trainer`, loggedLines(all, name)),
  }));
  const decides = ({ name }: { name: string }) => all.some(({ board }) => board.metric === name);
  const asked = ({ name }: { name: string }) => named.includes(name);
  const drawn = [
    ...measured.filter(decides),
    ...own.filter(asked),
    ...measured.filter((each) => !decides(each)),
    ...own.filter((each) => !asked(each)),
  ].filter(({ svg }) => svg !== '');
  if (drawn.length === 0) return '';
  const charts = (some: typeof drawn) => `<div class="charts">${some.map(({ svg }) => svg).join('')}</div>`;
  const more = drawn.slice(FIRST);
  const rest =
    more.length > 0 ? `<details><summary>${more.length} more curves</summary>${charts(more)}</details>` : '';
  return `<h3>Curves</h3>${charts(drawn.slice(0, FIRST))}${rest}`;
}

const measuredLines = (all: readonly Compared[], name: string): Line[] =>
  all.map(({ letter, run }, style) => ({
    ...{ letter, style },
    points: run.evals.flatMap(({ samples: x, metrics }) => {
      const y = metrics[name];
      return y === undefined ? [] : [{ x, y }];
    }),
  }));

const loggedLines = (all: readonly Compared[], name: string): Line[] =>
  all.map(({ letter, run }, style) => ({
    ...{ letter, style },
    points: run.curve.flatMap(({ samples: x, values }) => {
      const y = values[name];
      return y === undefined ? [] : [{ x, y }];
    }),
  }));
