import { againOf, apartBy, type PairGain, toTrainTwice, withoutLoss } from './best-again.ts';
import { type ConfirmRule, standingOf } from './confirm-rule.ts';

/** A night to simulate: candidates of one true gain, measured as the loop measures them. */
export interface Night {
  /** The true deviation of a paired difference; the noise of the profile estimates it with `df`. */
  deviation: number;
  df: number;
  looks: readonly number[];
  /** How many candidates, each with this true gain over the best. */
  candidates: number;
  gain: number;
  /** The noise: a candidate is tried where its verified number is not worse than the best's by more. */
  noise: number;
  /** Which confirming of the key the first candidate is. */
  nth: number;
  /** On how many worlds the best was measured as a candidate. */
  known: number;
  /** How far two verdicts of the same weights are apart, in deviations of a pair. */
  rows?: number;
  /** How far two runs of the best on one world and seed are apart, in deviations of a run. */
  unsteady?: number;
  /** What the best loses, once it is the best, and in which share of its runs. */
  drift?: { loss: number; share: number };
  /** Whether the best is trained again where it is known, and gains there are compared; default true. */
  checked?: boolean;
  /**
   * A researcher that puts together what was lucky on each known world: by the numbers of each world, or by
   * the means that it is shown.
   */
  composes?: 'numbers' | 'means';
}

export interface Simulated {
  /** The share of nights in which some candidate was confirmed. */
  confirmed: number;
  /** Pairs that a candidate took, and runs of the best, in the mean over all candidates that were tried. */
  pairs: number;
  bestRuns: number;
  /** Candidates that were held, in the mean over the nights. */
  held: number;
}

/**
 * Simulates nights: each has an estimate of the deviation of its own, as a noise file has. A candidate is
 * tried where its verified number is not worse than the best's beyond the noise. The night ends at the first
 * that is confirmed.
 */
export function simulate(night: Night, nights: number, random: () => number): Simulated {
  const all = { confirmed: 0, pairs: 0, bestRuns: 0, held: 0, tried: 0 };
  for (let i = 0; i < nights; i++) {
    const one = simulateNight(night, random);
    for (const name of Object.keys(all) as (keyof typeof all)[]) all[name] += one[name];
  }
  const { confirmed, pairs, bestRuns, held } = all;
  const tried = Math.max(1, all.tried);
  return {
    confirmed: confirmed / nights,
    pairs: pairs / tried,
    bestRuns: bestRuns / tried,
    held: held / nights,
  };
}

function simulateNight(night: Night, random: () => number) {
  const { deviation, df, looks, candidates, gain, noise, known, rows = 0.07, unsteady = 0 } = night;
  const { drift = { loss: 0, share: 0 }, checked = true, composes } = night;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const run = deviation / Math.SQRT2;
  const lost = () => (random() < drift.share ? drift.loss : 0);
  let squares = 0;
  for (let i = 0; i < df; i++) squares += normal() ** 2;
  const estimated = deviation * Math.sqrt(squares / df);
  const public_ = run * normal();
  const asCandidate = Array.from({ length: known }, () => run * normal());
  const seen = asCandidate.map((): { shown: number; value: number }[] => []);
  const losses: number[] = [];
  const all = { confirmed: 0, pairs: 0, bestRuns: 0, held: 0, tried: 0 };
  for (let candidate = 0; candidate < candidates; candidate++) {
    if (gain + run * normal() <= public_ - noise) continue;
    const nth = night.nth + all.tried++;
    const rule: ConfirmRule = { deviation: estimated, df, looks, nth };
    const pairs: (PairGain & { world: number | null; value: number; lost: number | null })[] = [];
    const againIn = () => lost() + rows * deviation * normal() + unsteady * Math.SQRT2 * run * normal();
    for (;;) {
      const at = pairs.length;
      // Every second world is one on which the best is known, while there are any.
      const world = at % 2 === 1 && at < 2 * known ? ((at - 1) / 2 + nth) % known : null;
      const lucky = world === null ? undefined : luckiest(seen[world] ?? []);
      const value = composes && lucky !== undefined ? lucky : run * normal();
      const missing = world === null ? lost() : null;
      const best = world === null ? run * normal() - (missing ?? 0) : (asCandidate[world] ?? 0);
      all.bestRuns += Number(world === null);
      pairs.push({ gain: gain + value - best, kept: world !== null, world, value, lost: missing });
      all.pairs++;
      if (checked && world !== null) {
        all.bestRuns++;
        losses.push(againIn());
      }
      let counting = withoutLoss(pairs, againOf(losses));
      let { state } = standingOf(counting, rule);
      // Each makes one run more, until the largest gains on new worlds are of a best that was trained twice.
      for (;;) {
        const at = toTrainTwice(pairs).find((at) => typeof pairs[at]?.lost === 'number');
        const pair = at === undefined ? undefined : pairs[at];
        if (!checked || state !== 'confirmed' || !pair || pair.lost === null) break;
        const back = pair.lost - againIn();
        [pair.gain, pair.lost] = [pair.gain - Math.max(0, back), null];
        losses.push(back);
        all.bestRuns++;
        counting = withoutLoss(pairs, againOf(losses));
        state = standingOf(counting, rule).state;
      }
      if (state === 'open') continue;
      const counted = pairs.map(({ kept }, i) => ({ gain: counting[i] ?? 0, kept }));
      const held = state === 'confirmed' && checked && apartBy(counted, estimated) !== null;
      all.held += Number(held);
      if (state === 'confirmed' && !held) return { ...all, confirmed: 1 };
      break;
    }
    const mean = pairs.reduce((sum, pair) => sum + pair.value, 0) / pairs.length;
    for (const { world, value } of pairs)
      if (world !== null) seen[world]?.push({ shown: composes === 'means' ? mean : value, value });
  }
  return all;
}

/** What the code gives that was shown with the largest number. */
function luckiest(seen: readonly { shown: number; value: number }[]): number | undefined {
  return seen.reduce<{ shown: number; value: number } | undefined>(
    (most, one) => (most && most.shown >= one.shown ? most : one),
    undefined,
  )?.value;
}
