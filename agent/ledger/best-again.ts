import type { Confirmed } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';

/**
 * So many standard errors of what the best lost are counted with it: code that trains worse on some of its
 * runs alone shows it on some of these alone.
 */
const LESS = 2;
/** Gains on worlds that are new to the best may be above those on kept ones by so many standard errors. */
const APART = 3;

/**
 * Before a candidate is confirmed, the best is trained a second time on so many of the worlds that are new to
 * it: those where the gain is largest, since a run in which it lost something pays most there.
 */
const TWICE = 2;

/** The best trained again on the same world and seed. */
export interface Again {
  n: number;
  /** What it lost, in the mean: above 0, its code trains worse now than when it was a candidate. */
  loss: number;
  /** What is taken off each gain on a world on which the best was measured after it had become the best. */
  less: number;
}

/**
 * What follows from the losses of a best. Code that does not look at the clock gives the same weights again,
 * so its losses are those of the judge's rows. Null without any.
 */
export function againOf(losses: readonly number[]): Again | null {
  const n = losses.length;
  if (n === 0) return null;
  const loss = losses.reduce((sum, one) => sum + one, 0) / n;
  const squares = losses.reduce((sum, one) => sum + (one - loss) ** 2, 0);
  const error = n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0;
  return { n, loss, less: Math.max(0, loss + LESS * error) };
}

/** A gain of a pair, and whether the best's number is one that it got as a candidate. */
export interface PairGain {
  gain: number;
  kept: boolean;
}

/** The gains as they count: what the best may have lost since then is no gain of a candidate. */
export const withoutLoss = (gains: readonly PairGain[], again: Again | null): number[] =>
  gains.map(({ gain, kept }) => gain - (kept ? 0 : (again?.less ?? 0)));

/**
 * By how many standard errors the gains on new worlds are above those on kept ones, where that is more than
 * chance would give; else null. `deviation`: that of a pair, by the noise of the profile.
 */
export function apartBy(gains: readonly PairGain[], deviation: number): number | null {
  const of = (kept: boolean) => gains.filter((one) => one.kept === kept).map(({ gain }) => gain);
  const [fresh, kept] = [of(false), of(true)];
  if (fresh.length === 0 || kept.length === 0 || deviation === 0) return null;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const errors = (mean(fresh) - mean(kept)) / (deviation * Math.sqrt(1 / fresh.length + 1 / kept.length));
  return errors > APART ? errors : null;
}

/** The pairs, by their place, for which the best has to be trained twice. */
export const toTrainTwice = (gains: readonly PairGain[]): number[] =>
  gains
    .map(({ gain, kept }, at) => ({ gain, kept, at }))
    .filter(({ kept }) => !kept)
    .sort((a, b) => b.gain - a.gain)
    .slice(0, TWICE)
    .map(({ at }) => at);

/**
 * What a best gave where it was trained again, as the last confirming against it has it, or the end of its
 * night.
 */
export const lastAgain = (best: Sprint, sprints: readonly Sprint[]): Confirmed['again'] =>
  sprints.findLast(({ confirmed }) => confirmed?.best?.sprint === best.id && confirmed.again)?.confirmed
    ?.again ?? best.checked?.again;
