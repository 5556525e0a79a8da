import type { Confirmed } from '#contract/confirmed';
import { type Again, withoutLoss } from '../ledger/best-again.ts';
import { type ConfirmRule, standingOf } from '../ledger/confirm-rule.ts';
import type { NamedRules } from '../ledger/decide.ts';
import { failedGuards, failing, gainIn, gainWords, SHOWS, secretsInWords } from './decide.ts';
import { meanOf, type Pair, shown, told } from './pairs.ts';

/** What the end of a night has shown of its last best. */
export interface Seen {
  /** The pairs by which it was confirmed. */
  before: readonly Pair[];
  /** The pairs on worlds that are new to it; none where the best before it came to no result there. */
  since: readonly Pair[];
  /** The best trained again where it was measured as a candidate. */
  again: Again | null;
  /** What the best before it had lost when this one was confirmed. */
  beforeLost: Again | null;
  /** Why a run of the best counts as none; null where all count. */
  failed: string | null;
}

export interface StillBest {
  holds: boolean;
  reason: string;
  gain: Confirmed['gain'];
}

/**
 * Whether a best is still one by the rule that confirmed it: its mean gain over all pairs together has to be
 * beyond the bound of so many pairs, with the chance of the look that confirmed it. So an end of a night can
 * take a best away, and never makes one. What it lost since it was a candidate is taken off its gains then.
 */
export function stillBest(seen: Seen, rules: NamedRules, rule: ConfirmRule): StillBest {
  const { before, since, again, beforeLost, failed } = seen;
  const pairs = [...before, ...since];
  const first = pairs.some(({ best }) => best === null);
  if (failed !== null) return { holds: false, reason: failed, gain: null };
  const loss = again ? shown(again.loss) : 0;
  const lost = loss > 0 ? `trained again on a world and seed of its confirming it lost ${told(loss)}` : null;
  if (first) return firstBest(pairs, rules, { again, lost, most: rule.deviation });
  const less = again?.less ?? 0;
  const asSeen = pairs.map(({ candidate, best, kept }) => ({
    ...{ gain: gainIn(rules.metric, rules, candidate, best), kept },
  }));
  const gains = withoutLoss(asSeen, beforeLost).map((gain, at) => gain - (at < before.length ? less : 0));
  const { mean, error, needed } = standingOf(gains, {
    ...rule,
    looks: looksWith(rule.looks, before.length, pairs.length),
  });
  const gain = { mean, error, needed };
  const short = mean > needed ? '' : 'it is not beyond the bound any more';
  const why = [short, failing(pairs, rules, SHOWS.confirmed * error)].filter(Boolean).join('; ');
  const unpaired =
    since.length > 0 ? null : 'the best before it came to no result there, so there is no new pair';
  const notes = [lost, unpaired].filter((note) => note !== null);
  const words = [
    `${gainWords(pairs, gain, rules)} (${told(needed)} ${why === '' ? 'were' : 'are'} needed)`,
    ...notes,
  ];
  return { holds: why === '', reason: `${words.join('; ')}${why === '' ? '' : `; ${why}`}`, gain };
}

/** Looks in which that of `before` pairs is one of `now` pairs, with the same share of the chance. */
function looksWith(looks: readonly number[], before: number, now: number): number[] {
  const at = looks.findIndex((look) => look >= before);
  const of = at === -1 ? looks.length - 1 : at;
  return looks.map((look, index) => (index === of ? now : look));
}

/** The first best has nothing to be compared with: its guards have to hold, and it may not train worse. */
function firstBest(
  pairs: readonly Pair[],
  rules: NamedRules,
  { again, lost, most }: { again: Again | null; lost: string | null; most: number },
): StillBest {
  const mean = meanOf(pairs.map(({ candidate }) => candidate[rules.metric] ?? Number.NaN));
  const worse = again !== null && again.loss > most ? 'more than two runs of equal worth are apart' : '';
  const why = [worse, failedGuards(pairs, rules)].filter(Boolean).join('; ');
  const words = [
    `on ${secretsInWords(pairs.length, rules)} ${rules.metric} ${told(mean)} in the mean`,
    lost,
    why,
  ];
  return { holds: why === '', reason: words.filter(Boolean).join('; '), gain: null };
}
