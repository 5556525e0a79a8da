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
    const many = order ? `of ${order.recipes} recipes ` : '';
    const became = `${BECAME[verdictOn(order)]} ${worlds.other} by ${label(field)}`;
    return `The order ${many}by ${own} in ${worlds.own} ${became}: rank correlation ${orderWords(order)}.`;
  });
  const [over, whole] = [lines[0]?.over ?? '', parts[0]?.recipe ?? ''];
  const said = metrics.other.flatMap((field) => {
    const by = `by ${own} and by ${label(field)}`;
    return [
      ...sorted(`Gains over ${over}, ${by}`, lines, field, (pair) => pair.recipe),
      ...sorted(`Gains of ${whole} by the parts that these lack, ${by}`, parts, field, (pair) => pair.over),
    ];
  });
  const rule =
    seeds > 1
      ? 'A gain is shown where the 95 % interval of its mean over seeds leaves out zero.'
      : 'One seed shows no gain: there is no spread.';
  return [...first, ...said, rule].join(' ');
}

const BECAME: Readonly<Record<Verdict, string>> = {
  'carried over': 'carried over to',
  'turned round': 'turned round on',
  'not shown': 'is not shown on',
};

/** What became of the gains of pairs, as a sentence; none where none was measured. */
function sorted(
  title: string,
  pairs: readonly Pair[],
  field: string,
  nameOf: (pair: Pair) => string,
): string[] {
  const groups = new Map<string, string[]>();
  for (const pair of pairs) {
    const fate = fateOf(pair.own, pair.other[field] ?? null);
    if (fate !== null) groups.set(fate, [...(groups.get(fate) ?? []), nameOf(pair)]);
  }
  const lists = FATES.flatMap((fate) => {
    const names = groups.get(fate);
    return names ? [`${fate}: ${names.join(', ')}`] : [];
  });
  if (groups.has(NEITHER)) lists.push(`${lists.length === 0 ? 'all' : 'the others'} ${NEITHER}`);
  return lists.length === 0 ? [] : [`${title}: ${lists.join('; ')}.`];
}

const FATES = [
  ...['carried over', 'turned round', 'shown only before'],
  ...['a gain only on the new data', 'a loss only on the new data'],
];
const NEITHER = 'shown in neither';

/** What became of a gain; null where it was not measured in both worlds. */
function fateOf(before: Gain | null, now: Gain | null): string | null {
  if (!before || !now) return null;
  if (before.shown && now.shown) return before.value > 0 === now.value > 0 ? 'carried over' : 'turned round';
  if (before.shown) return 'shown only before';
  if (!now.shown) return NEITHER;
  return now.value > 0 ? 'a gain only on the new data' : 'a loss only on the new data';
}

/** `+0.104`, with `(not shown)` where its interval has zero in it. */
export const gainWords = (gain: Gain | null): string =>
  gain ? `${signed(gain.value, 3)}${gain.shown ? '' : ' (not shown)'}` : '–';

const signed = (value: number, digits = 2): string => {
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 && Number(text) !== 0 ? '−' : '+'}${text}`;
};
