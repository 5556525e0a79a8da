import { label } from '../report/document/names.ts';
import type { Comparison, Pair } from './comparison.ts';
import type { Gain } from './gains.ts';
import type { RankCorrelation } from './ranks.ts';

/** Whether an order carried over: its interval is above zero, below, or has zero in it. */
export type Verdict = 'carried over' | 'turned round' | 'not shown';

/** One seed has no interval, so it shows nothing. */
export function verdictOn(order: RankCorrelation | null): Verdict {
  const [low, high] = order?.interval ?? [0, 0];
  if (low > 0) return 'carried over';
  return high < 0 ? 'turned round' : 'not shown';
}

/** `+0.82 (95 %: +0.64 to +0.93)`, or why there is none. */
export function orderWords(order: RankCorrelation | null): string {
  if (!order || !Number.isFinite(order.value)) return 'not measured';
  const { value, interval } = order;
  return interval
    ? `${signed(value)} (95 %: ${signed(interval[0])} to ${signed(interval[1])})`
    : `${signed(value)} (one seed has no interval)`;
}

/** One paragraph, of the numbers alone: what carried over from the own world to the other data. */
export function paragraph(compared: Comparison): string {
  const { metrics, worlds, seeds, orders, lines, parts } = compared;
  const own = label(metrics.own);
  const first = metrics.other.map((field) => {
    const order = orders[field] ?? null;
    const what = {
      'carried over': 'the order carried over',
      'turned round': 'the order turned round',
      'not shown': 'not shown',
    }[verdictOn(order)];
    const many = order ? ` of ${order.recipes} recipes` : '';
    return `The order${many} by ${own} in ${worlds.own} and by ${label(field)} on ${worlds.other}: rank correlation ${orderWords(order)}, ${what}.`;
  });
  const said = metrics.other.flatMap((field) => [
    ...sorted(`Over ${lines[0]?.over ?? ''}`, lines, field, own, (pair) => pair.recipe),
    ...sorted(`Parts of ${parts[0]?.recipe ?? ''}`, parts, field, own, (pair) => `that ${pair.over} lacks`),
  ]);
  const rule =
    seeds > 1
      ? 'A gain is counted where the 95 % interval of its mean over seeds leaves out zero.'
      : 'One seed shows no gain: there is no spread.';
  return [...first, ...said, rule].join(' ');
}

/** What became of the gains of pairs, as sentences; empty where no pair was measured. */
function sorted(
  title: string,
  pairs: readonly Pair[],
  field: string,
  own: string,
  nameOf: (pair: Pair) => string,
): string[] {
  const groups = new Map<string, string[]>();
  for (const pair of pairs) {
    const [before, now] = [pair.own, pair.other[field] ?? null];
    if (!before || !now) continue;
    const words = `${nameOf(pair)} (${signed(before.value, 3)} and ${signed(now.value, 3)})`;
    const group = fateOf(before, now);
    groups.set(group, [...(groups.get(group) ?? []), words]);
  }
  if (groups.size === 0) return [];
  const lists = FATES.flatMap((fate) => {
    const names = groups.get(fate);
    return names ? [`${fate}: ${names.join(', ')}`] : [];
  });
  return [`${title}, in ${own} and in ${label(field)}, ${lists.join('; ')}.`];
}

const FATES = [
  'carried over',
  'turned round',
  'shown only before',
  'shown only on the new data',
  'shown in neither',
];

function fateOf(before: Gain, now: Gain): string {
  if (before.shown && now.shown) return before.value > 0 === now.value > 0 ? 'carried over' : 'turned round';
  if (before.shown) return 'shown only before';
  return now.shown ? 'shown only on the new data' : 'shown in neither';
}

const signed = (value: number, digits = 2): string => {
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 && Number(text) !== 0 ? '−' : '+'}${text}`;
};
