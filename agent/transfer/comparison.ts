import type { Transfer } from '#contract/transfer';
import { numbersOf, type SweepRun } from '../sweep/rows.ts';
import { type Gain, gainOf, type Values } from './gains.ts';
import type { Recipe, Wanted } from './plan.ts';
import { mean, type RankCorrelation, rankCorrelation } from './ranks.ts';

/** A run of the plan, and what came of it. */
export interface Made {
  wanted: Wanted;
  run: SweepRun;
}

/** A number over seeds; the standard deviation is null for one seed. */
export interface Middle {
  mean: number;
  spread: number | null;
  seeds: number;
}

/** One recipe beside another, in both worlds. */
export interface Pair {
  recipe: string;
  over: string;
  own: Gain | null;
  /** By metric of the other data. */
  other: Record<string, Gain | null>;
}

/** What the paragraph, the tables and the plots of a report say. */
export interface Comparison {
  /** The deciding number of the own task, and the numbers on the other data. */
  metrics: { own: string; other: string[] };
  /** Worlds, in words. */
  worlds: { own: string; other: string };
  seeds: number;
  /** By metric of the other data; null where fewer than three recipes have all seeds in both worlds. */
  orders: Record<string, (RankCorrelation & { recipes: number }) | null>;
  /** Every line over the first one. */
  lines: Pair[];
  /** `parts.of` over each variation that lacks one of its parts: what the part gives. */
  parts: Pair[];
}

/** Compares runs of a plan; those that have no numbers are passed over. */
export function compared(from: {
  made: readonly Made[];
  recipes: readonly Recipe[];
  transfer: Pick<Transfer, 'lines' | 'parts' | 'metrics'>;
  metric: string;
  worlds: Comparison['worlds'];
  seeds: readonly number[];
  middle: number;
}): Comparison {
  const { made, recipes, transfer, metric, worlds, seeds, middle } = from;
  const values = (name: string, where: Wanted['where'], field: string): Values =>
    valuesBySeed(made, name, where, where === 'own' ? null : middle, field);
  const orders = transfer.metrics.map((field) => {
    const both = recipes.flatMap(({ name }) => {
      const sides = [values(name, 'own', metric), values(name, 'other', field)];
      const of = sides.map((side) => seeds.flatMap((seed) => side.get(seed) ?? []));
      return of.every((side) => side.length === seeds.length) ? [of] : [];
    });
    const side = (at: number) => both.map((of) => of[at] ?? []);
    const order = both.length < 3 ? null : rankCorrelation(side(0), side(1));
    return [field, order && { ...order, recipes: both.length }] as const;
  });
  const pair = (recipe: string, over: string): Pair => ({
    ...{ recipe, over, own: gainOf(values(recipe, 'own', metric), values(over, 'own', metric)) },
    other: Object.fromEntries(
      transfer.metrics.map((field) => [
        field,
        gainOf(values(recipe, 'other', field), values(over, 'other', field)),
      ]),
    ),
  });
  const [reference = ''] = transfer.lines;
  const lines = recipes.filter(({ role, name }) => role === 'line' && name !== reference);
  const parts = recipes.filter(({ role }) => role === 'part');
  return {
    metrics: { own: metric, other: transfer.metrics },
    ...{ worlds, seeds: seeds.length, orders: Object.fromEntries(orders) },
    lines: lines.map(({ name }) => pair(name, reference)),
    parts: parts.map(({ name }) => pair(transfer.parts.of, name)),
  };
}

/** A number of a recipe's finished runs at one place, by seed. */
export function valuesBySeed(
  made: readonly Made[],
  recipe: string,
  where: Wanted['where'],
  at: number | null,
  field: string,
): Values {
  return new Map(
    made.flatMap(({ wanted, run }): [number, number][] => {
      if (wanted.recipe.name !== recipe || wanted.where !== where || wanted.at !== at) return [];
      const value = run.status === 'finished' ? numbersOf(run)[field] : undefined;
      return value === undefined || !Number.isFinite(value) ? [] : [[wanted.seed, value]];
    }),
  );
}

/** Mean and sample standard deviation; null without a value. */
export function middleOf(values: Values): Middle | null {
  const all = [...values.values()];
  if (all.length === 0) return null;
  const middle = mean(all);
  const squares = all.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  const spread = all.length < 2 ? null : Math.sqrt(squares / (all.length - 1));
  return { mean: middle, spread, seeds: all.length };
}
