import { violation } from '#contract/condition';
import type { Confirmed } from '#contract/confirmed';
import { show } from '../common/words.ts';
import { worldWords } from '../common/worlds.ts';
import { type Again, apartBy, type PairGain, withoutLoss } from '../ledger/best-again.ts';
import { type ConfirmRule, type Standing, standingOf } from '../ledger/confirm-rule.ts';
import type { NamedRules } from '../ledger/decide.ts';
import { meanOf, type Pair, told } from './pairs.ts';

/**
 * A number in which the gain has to show as well has to be above so many standard errors. To be stacked, it
 * has to be above as many as the metric itself: what moves no best needs no more proof in one than in the
 * other.
 */
export const SHOWS = { confirmed: 2, small: 1 } as const;

export interface Decided {
  result: Exclude<Confirmed['result'], 'failed'>;
  reason: string;
  /** The first pairs, by which it was decided. */
  pairs: readonly Pair[];
  gain: Confirmed['gain'];
}

/** What is known of the best beside its pairs. */
export interface Best {
  /** It was trained again where it is known; null: not yet, or it is known nowhere. */
  again: Again | null;
  /** For so many of the pairs it was trained again as often as a look of that many asks for. */
  checked: number;
}

/** A loss of the best below this share of the deviation of a pair may be one of the judge's rows. */
const ROWS = 0.25;

/**
 * Decides a candidate by its pairs, taken in their order: by the first number of pairs at which it is
 * confirmed or dropped. Null where more pairs are needed. `ended`: there will be no more, so a candidate that
 * is still open counts by its mean. What the best has lost since it was a candidate counts for no gain.
 */
export function decidePairs(
  pairs: readonly Pair[],
  rules: NamedRules,
  rule: ConfirmRule,
  { again, checked, ended = null }: Best & { ended?: string | null },
): Decided | null {
  const seen = pairs.map(({ candidate, best, kept }) => ({
    ...{ gain: gainIn(rules.metric, rules, candidate, best), kept },
  }));
  const gains = withoutLoss(seen, again);
  const alone = seen.map(({ gain }) => gain);
  let counted = 0;
  for (let n = 1; n <= pairs.length; n++) {
    const asSeen = standingOf(alone.slice(0, n), rule);
    if (rule.looks.includes(n) && n > checked && asSeen.state !== 'behind') break;
    counted = n;
    const standing = standingOf(gains.slice(0, n), rule);
    if (standing.state === 'open') continue;
    const of = decided(pairs.slice(0, n), standing, standing.state, rules);
    const counting = seen.slice(0, n).map(({ kept }, at) => ({ gain: gains[at] ?? 0, kept }));
    const why = doubt(asSeen, standing, { again, counting, rule });
    return why === null ? of : { ...of, result: 'held', reason: `${of.reason}; ${why}` };
  }
  if (ended === null || counted === 0) return null;
  const standing = standingOf(gains.slice(0, counted), rule);
  const state = standing.mean > standing.error ? 'small' : 'behind';
  const { reason, ...of } = decided(pairs.slice(0, counted), standing, state, rules);
  return { ...of, reason: `${reason}; no more pairs: ${ended}` };
}

/**
 * Why the best may train worse than it did, where that decides: the gain would count for more without the
 * loss, or it shows on new worlds alone. Null where that is not so.
 */
function doubt(
  asSeen: Standing,
  { state }: Standing,
  of: { again: Again | null; counting: readonly PairGain[]; rule: ConfirmRule },
): string | null {
  const { again, counting, rule } = of;
  if (again && state !== asSeen.state && again.loss > ROWS * rule.deviation)
    return `it is held, since the best trains worse than it did: trained again on the same worlds and seeds it lost ${told(again.loss)} in the mean of ${again.n}, so ${told(again.less)} is taken off each gain on a world that is new to it (without that the gain is ${told(asSeen.mean)})`;
  const errors = state === 'confirmed' ? apartBy(counting, rule.deviation) : null;
  if (errors === null) return null;
  return `but it is held: on worlds that are new to the best the gain is larger by ${show(errors)} standard errors than where the best was measured as a candidate, so the best may train worse than it did`;
}

/** The first best: nothing to compare with, so it is confirmed where its guards hold. */
export function decideFirst(pairs: readonly Pair[], rules: NamedRules): Decided {
  const { metric } = rules;
  const mean = meanOf(pairs.map(({ candidate }) => candidate[metric] ?? Number.NaN));
  const words = `on ${secretsInWords(pairs.length, rules)} ${metric} ${told(mean)} in the mean, the first confirmed result`;
  const failed = failedGuards(pairs, rules);
  return failed
    ? { result: 'behind', reason: `${words}, but a guard fails there: ${failed}`, pairs, gain: null }
    : { result: 'confirmed', reason: words, pairs, gain: null };
}

function decided(
  pairs: readonly Pair[],
  { mean, error, needed }: Standing,
  state: Exclude<Decided['result'], 'held'>,
  rules: NamedRules,
): Decided {
  const gain = { mean, error, needed };
  const words = gainWords(pairs, { mean, error }, rules);
  const failed = state === 'behind' ? '' : failing(pairs, rules, SHOWS[state] * error);
  if (failed) return { result: 'behind', reason: `${words}, but ${failed}`, pairs, gain };
  const need = ` (${told(needed)} ${state === 'confirmed' ? 'were needed' : 'are needed'})`;
  const end = { confirmed: '', small: ', too small to be confirmed by itself', behind: ': none to speak of' };
  return { result: state, reason: `${words}${need}${end[state]}`, pairs, gain };
}

/** Half of the last digit that is told. */
const LEAST_TOLD = 5e-5;

/** The mean gain of pairs, in words; what bests have lost since may be taken off it. */
export function gainWords(
  pairs: readonly Pair[],
  { mean, error }: Pick<Standing, 'mean' | 'error'>,
  rules: NamedRules,
): string {
  const { metric } = rules;
  const apart = meanOf(pairs.map(({ candidate, best }) => gainIn(metric, rules, candidate, best)));
  const lost = Math.abs(apart - mean) < LEAST_TOLD ? '' : ' after losses';
  return `on ${secretsInWords(pairs.length, rules)} ${metric} ${told(meanIn(metric, pairs, 'candidate'))} against the best's ${told(meanIn(metric, pairs, 'best'))} in the mean: a gain of ${told(mean)} ± ${told(error)}${lost}`;
}

/** "1 secret world", "3 secret parts". */
export const secretsInWords = (
  count: number,
  { worlds = worldWords(null) }: Pick<NamedRules, 'worlds'>,
): string => `${count} ${count === 1 ? worlds.secret : worlds.secrets}`;

/** What else stands in the way of a gain: numbers in which it has to show by so much, and guards. */
export const failing = (pairs: readonly Pair[], rules: NamedRules, least: number): string =>
  [...hiddenGains(pairs, rules, least), failedGuards(pairs, rules)].filter(Boolean).join('; ');

/** Numbers in which the gain has to show as well, and does not. */
const hiddenGains = (pairs: readonly Pair[], rules: NamedRules, least: number): string[] =>
  rules.gains.flatMap((field) => {
    const mean = meanOf(pairs.map(({ candidate, best }) => gainIn(field, rules, candidate, best)));
    return mean > least ? [] : [`it does not show in ${field} (${told(mean)})`];
  });

/**
 * The guards, on the means: those that are relative to a best are relative to the best's means on the same
 * worlds.
 */
export function failedGuards(pairs: readonly Pair[], { guards }: NamedRules): string {
  return Object.entries(guards)
    .flatMap(([field, condition]) => {
      const best = pairs.some((pair) => pair.best === null) ? [] : [meanIn(field, pairs, 'best')];
      const why = violation(condition, meanIn(field, pairs, 'candidate'), best);
      return why === null ? [] : [`a guard fails there: ${field}: ${why}`];
    })
    .join('; ');
}

const meanIn = (field: string, pairs: readonly Pair[], of: 'candidate' | 'best'): number =>
  meanOf(pairs.map((pair) => pair[of]?.[field] ?? Number.NaN));

export function gainIn(
  field: string,
  { goal }: NamedRules,
  candidate: Pair['candidate'],
  best: Pair['best'],
): number {
  const gain = (candidate[field] ?? Number.NaN) - (best?.[field] ?? Number.NaN);
  return goal === 'max' ? gain : -gain;
}
