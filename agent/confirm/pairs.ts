import type { Several } from '#contract/confirmed';
import { show } from '../common/words.ts';
import type { Rules } from '../ledger/decide.ts';

type Numbers = Record<string, number>;

/** A secret world on which candidate and best were measured; `best` is null where there is none yet. */
export interface Pair {
  draw: number;
  world: string;
  candidate: Numbers;
  best: Numbers | null;
  /** Whether the best's numbers are those that it got there as a candidate. */
  kept: boolean;
}

/**
 * The worlds of a confirming, in the order of its pairs. Every second one is a world on which the best was
 * measured as a candidate, while there are any, so these are at most half of any number of pairs. `turn`:
 * with which of them it begins. All others are new to both: a lucky best sinks back by them. Without a best
 * there is one world for each run of the first look.
 */
export function orderOf(
  looks: readonly number[],
  known: readonly number[] | null,
  { fresh, turn }: { fresh: number; turn: number },
): number[] {
  const [first = 1] = looks;
  const last = looks.at(-1) ?? first;
  if (known === null) return range(fresh, first);
  const from = known.length === 0 ? 0 : turn % known.length;
  const kept = [...known.slice(from), ...known.slice(0, from)].slice(0, Math.floor(last / 2));
  const order = kept.flatMap((draw, at) => [fresh + at, draw]);
  return [...order, ...range(fresh + kept.length, last - order.length)];
}

const range = (from: number, count: number): number[] =>
  Array.from({ length: Math.max(0, count) }, (_, at) => from + at);

/** Means and deviations of the numbers that all of these have. */
export function severalOf(each: readonly Numbers[]): Several {
  const names = Object.keys(each[0] ?? {}).filter((name) => each.every((one) => one[name] !== undefined));
  const of = (name: string) => each.map((one) => one[name] as number);
  const entries = (make: (values: number[]) => number) =>
    Object.fromEntries(names.map((name) => [name, shown(make(of(name)))]));
  return { n: each.length, mean: entries(meanOf), deviation: each.length > 1 ? entries(deviationOf) : {} };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/**
 * A number as the record has it: four decimals, and four digits where it is larger. An encoder that knows the
 * secret world could write more than its worth into the digits behind them.
 */
export const shown = (value: number): number =>
  Math.abs(value) < 1 ? Math.round(value * 1e4) / 1e4 : Number(value.toPrecision(4));

/** The same in words: what is said of a secret world has no digit that its record has not. */
export const told = (value: number): string => show(shown(value));

/** The numbers that decide: each further one could carry something of the secret world. */
export const deciding = ({ metric, gains, guards }: Pick<Rules, 'metric' | 'gains' | 'guards'>): string[] => [
  ...new Set([metric, ...gains, ...Object.keys(guards)]),
];

export const shownAll = (numbers: Numbers, names: readonly string[]): Numbers =>
  Object.fromEntries(
    names.flatMap((name) => (numbers[name] === undefined ? [] : [[name, shown(numbers[name])]])),
  );
