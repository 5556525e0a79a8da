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
  /** Whether the best's numbers of all but one pair are kept from candidate to candidate. */
  kept: boolean;
}

export interface Simulated {
  /** The share of nights in which some candidate was confirmed. */
  confirmed: number;
  /** Pairs that a candidate took, in the mean over all candidates that were tried. */
  pairs: number;
}

/**
 * Simulates nights: each has an estimate of the deviation of its own, as a noise file has. A candidate is
 * tried where its verified number is not worse than the best's beyond the noise. The night ends at the first
 * that is confirmed.
 */
export function simulate(night: Night, nights: number, random: () => number): Simulated {
  let [confirmed, pairs, tried] = [0, 0, 0];
  for (let i = 0; i < nights; i++) {
    const one = simulateNight(night, random);
    confirmed += Number(one.confirmed);
    pairs += one.pairs;
    tried += one.tried;
  }
  return { confirmed: confirmed / nights, pairs: tried === 0 ? 0 : pairs / tried };
}

function simulateNight(night: Night, random: () => number) {
  const { deviation, df, looks, candidates, gain, noise, kept } = night;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const run = deviation / Math.SQRT2;
  let squares = 0;
  for (let i = 0; i < df; i++) squares += normal() ** 2;
  const estimated = deviation * Math.sqrt(squares / df);
  const public_ = run * normal();
  const best: number[] = [];
  let [pairs, tried, nth] = [0, 0, night.nth];
  for (let candidate = 0; candidate < candidates; candidate++) {
    if (gain + run * normal() <= public_ - noise) continue;
    tried++;
    const rule: ConfirmRule = { deviation: estimated, df, looks, nth: nth++ };
    if (!kept) best.length = 0;
    // One pair is on a fresh world; then those on which the best is known come first.
    const from = Math.max(0, best.length - (looks.at(-1) ?? 0) + 1);
    const gains: number[] = [];
    for (let pair = 0; ; pair++) {
      const at = from + pair;
      best[at] ??= run * normal();
      gains.push(gain + run * normal() - (best[at] as number));
      pairs++;
      const { state } = standingOf(gains, rule);
      if (state === 'confirmed') return { confirmed: true, pairs, tried };
      if (state !== 'open') break;
    }
  }
  return { confirmed: false, pairs, tried };
}
