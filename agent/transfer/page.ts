import type { Transfer } from '#contract/transfer';
import { count, label, numberFormat, samples } from '../report/document/names.ts';
import {
  type Block,
  code,
  heading,
  type Inline,
  para,
  type Report,
  type Row,
  text,
} from '../report/document/tree.ts';
import { pictureOf } from '../report/plots/picture.ts';
import { type Comparison, type Made, type Middle, middleOf, valuesBySeed } from './comparison.ts';
import { transferPlot } from './figures.ts';
import type { Recipe, Wanted } from './plan.ts';
import { gainWords, orderWords, paragraph, verdictOn } from './words.ts';

/** What a page tells beside the comparison. */
export interface Told {
  transfer: Pick<Transfer, 'metrics'>;
  /** Numbers of a verdict of the own task and of the other one: the deciding one, then what it shows. */
  shown: { own: readonly string[]; other: readonly string[] };
  against: { field: string; label: string };
  middle: number;
  samples: { own: number; other: number };
  seeds: readonly number[];
  /** Of all runs of the plan. */
  wanted: number;
  command: string;
  at: string;
  foot: string;
}

/** The page of a transfer: one paragraph, the plots, the tables, and how it was made. */
export async function transferPage(
  made: readonly Made[],
  recipes: readonly Recipe[],
  comparison: Comparison,
  told: Told,
): Promise<Report> {
  const { worlds } = comparison;
  const title = `What carried over to ${worlds.other}`;
  const finished = made.filter(({ run }) => run.status === 'finished').length;
  const blocks: Block[] = [
    {
      ...{ t: 'title', kicker: 'Transfer', title, badges: [] },
      facts: [
        `${finished} of ${count(told.wanted)} runs`,
        told.seeds.length === 1 ? `seed ${told.seeds[0]}` : `${told.seeds.length} seeds`,
        `${samples(told.samples.other)} samples there, ${samples(told.samples.own)} in ${worlds.own}`,
        told.at.slice(0, 10),
      ],
    },
    para(text(paragraph(comparison))),
  ];
  if (finished < told.wanted)
    blocks.push(
      para(text(`${told.wanted - finished} runs are missing; what is said here is of those that are there.`)),
    );
  blocks.push(...(await figure(made, recipes, told)));
  blocks.push(heading(1, 'Orders'), orders(comparison));
  blocks.push(heading(1, 'Gains'), gains(comparison));
  blocks.push(heading(1, 'Numbers'), numbers(made, recipes, told, worlds));
  blocks.push(...bad(made));
  blocks.push(heading(1, 'How it was made'), para(text(HOW)), para(code(told.command)));
  return {
    ...{ title, left: title, right: told.at.slice(0, 10), foot: told.foot, date: told.at, blocks },
  };
}

const HOW =
  'Each recipe is trained afresh in both worlds on the same seeds, from the workspace that it belongs to, with the sizes of the profile there. The order is Spearman’s rank correlation of the means over seeds. Its interval draws seeds with replacement, in each world by itself: it holds what training by chance does to these recipes, and not which recipes were chosen. An order whose interval has zero in it is not shown. The command makes the runs that are missing.';

async function figure(made: readonly Made[], recipes: readonly Recipe[], told: Told): Promise<Block[]> {
  const picture = await pictureOf((width) =>
    transferPlot(made, recipes, told.transfer.metrics, told.against, width),
  );
  if (!picture) return [];
  const words = `${told.transfer.metrics.map(label).join(' and ')} on the new data. Points are means over seeds, bars one standard deviation to each side.`;
  return [
    {
      ...{ t: 'figure', alt: words, picture },
      caption: { label: 'Figure 1.', c: [text(` ${words}`)] },
    },
  ];
}

function orders({ metrics, orders: found, worlds }: Comparison): Block {
  const rows = metrics.other.map((field): Row => {
    const order = found[field] ?? null;
    const cells = [label(field), String(order?.recipes ?? '–'), orderWords(order), verdictOn(order)];
    return { tone: 'plain', cells: cells.map((cell) => [text(cell)]) };
  });
  return {
    ...{ t: 'table', rows, caption: null, omitted: null, align: ['left', 'right', 'left', 'left'] },
    head: [`By ${label(metrics.own)} in ${worlds.own} and by`, 'Recipes', 'Rank correlation', 'Order'].map(
      (cell) => [text(cell)],
    ),
  };
}

/** Each line over the first, and what has all parts over each that lacks one, in both worlds. */
function gains({ metrics, worlds, lines, parts }: Comparison): Block {
  const rows = [...lines, ...parts].map((pair): Row => {
    const cells = [pair.recipe, pair.over, gainWords(pair.own)];
    for (const field of metrics.other) cells.push(gainWords(pair.other[field] ?? null));
    return { tone: 'plain', cells: cells.map((cell) => [text(cell)]) };
  });
  return {
    ...{ t: 'table', rows, omitted: null },
    align: ['left', 'left', 'right', ...metrics.other.map(() => 'right' as const)],
    head: ['Recipe', 'Over', `${label(metrics.own)} in ${worlds.own}`, ...metrics.other.map(label)].map(
      (cell) => [text(cell)],
    ),
    caption: {
      label: 'Table 1.',
      c: [text(' Means over seeds of the difference of two runs on the same seed.')],
    },
  };
}

function numbers(
  made: readonly Made[],
  recipes: readonly Recipe[],
  told: Told,
  worlds: Comparison['worlds'],
): Block {
  const at = (recipe: Recipe, where: Wanted['where'], value: number | null, field: string) =>
    middleOf(valuesBySeed(made, recipe.name, where, value, field));
  const values = [...new Set(made.flatMap(({ wanted }) => wanted.at ?? []))].sort((a, b) => a - b);
  const places = recipes.flatMap((recipe) =>
    (recipe.role === 'line' ? values : [told.middle]).map((value) => ({ recipe, value })),
  );
  const columns = [
    ...told.shown.own.map((field) => ({
      ...{ title: `${label(field)} in ${worlds.own}`, field },
      of: ({ recipe, value }: (typeof places)[number]) =>
        value === told.middle ? at(recipe, 'own', null, field) : null,
    })),
    ...told.shown.other.map((field) => ({
      ...{ title: label(field), field },
      of: ({ recipe, value }: (typeof places)[number]) => at(recipe, 'other', value, field),
    })),
  ].map((column) => ({ ...column, cells: places.map(column.of) }));
  const kept = columns.filter(({ cells }) => cells.some((cell) => cell !== null));
  const rows = places.flatMap(({ recipe, value }, row): Row[] => {
    const cells = kept.map(({ field, cells: all }) => middleWords(all[row] ?? null, field, all));
    if (cells.every((cell) => cell === '–')) return [];
    const name: Inline[] = [text(recipe.name)];
    return [{ tone: 'plain', cells: [name, [text(String(value))], ...cells.map((cell) => [text(cell)])] }];
  });
  return {
    ...{ t: 'table', rows, omitted: null },
    head: ['Recipe', 'Setting', ...kept.map(({ title }) => title)].map((cell) => [text(cell)]),
    align: ['left', 'right', ...kept.map(() => 'right' as const)],
    caption: { label: 'Table 2.', c: [text(' Means over seeds, ± one standard deviation.')] },
  };
}

function middleWords(cell: Middle | null, field: string, all: readonly (Middle | null)[]): string {
  if (!cell) return '–';
  const format = numberFormat(
    field,
    all.map((each) => each?.mean),
  );
  // A number that all seeds share has no spread to show.
  return `${format(cell.mean)}${cell.spread ? `\u00a0±\u00a0${cell.spread.toFixed(3)}` : ''}`;
}

/** Runs that gave no numbers, a line each. */
function bad(made: readonly Made[]): Block[] {
  const lines = made.filter(({ run }) => run.status !== 'finished');
  return lines.map(({ wanted, run }) =>
    para(text(`${wanted.label ?? wanted.name}, seed ${wanted.seed}: ${run.status}, ${run.reason ?? ''}`)),
  );
}
