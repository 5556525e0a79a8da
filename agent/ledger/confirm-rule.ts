import jstat from 'jstat';

/** The chance of one false best among all candidates of a key whose true gain is not above zero. */
export const FALSE_BEST = 0.05;
/** So many candidates share most of it; every further block of as many has half of the rest before it. */
const BLOCK = 30;
const FIRST_BLOCK = 0.8;
/** A candidate is dropped when its mean gain and so many standard errors do not reach the last bound. */
const HOPE = 2;

/** What the gains of a candidate over the best are compared with. */
export interface ConfirmRule {
  /** The deviation of the difference of a pair, and its degrees of freedom, from the noise of the profile. */
  deviation: number;
  df: number;
  /** After how many pairs a candidate can be confirmed, ascending; after the last one it is over. */
  looks: readonly number[];
  /** Which confirming of this key it is, from 1. */
  nth: number;
}

/** How a candidate stands after some pairs. */
export interface Standing {
  /**
   * `open`: more pairs are needed. `behind`: its gain is not above its standard error, or below. `small`: it
   * is above that, and too small to be confirmed.
   */
  state: 'open' | 'confirmed' | 'behind' | 'small';
  n: number;
  /** The mean gain, and its standard error by the pooled deviation. */
  mean: number;
  error: number;
  /** The mean gain that confirms at this number of pairs, or at the next look. */
  needed: number;
}

/**
 * The chance that the nth confirming of a key may give a false best. All together, however many, it stays
 * below `FALSE_BEST` (a union bound, so the candidates may depend on each other).
 */
export function chanceOf(nth: number): number {
  const block = Math.floor((nth - 1) / BLOCK);
  const share = block === 0 ? FIRST_BLOCK : (1 - FIRST_BLOCK) * 0.5 ** block;
  return (FALSE_BEST * share) / BLOCK;
}

/**
 * How a candidate stands by its gains over the best, one a pair (same secret world, same seed). The mean gain
 * has to be beyond a one-sided bound of Student's t, at set numbers of pairs, which share the chance of the
 * candidate (later looks have more of it). The deviation is pooled over the profile's noise and these pairs.
 */
export function standingOf(gains: readonly number[], rule: ConfirmRule): Standing {
  const { looks, df } = rule;
  const n = gains.length;
  const last = looks.at(-1) ?? 0;
  const next = looks.find((look) => look >= n) ?? last;
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / n;
  const squares = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0);
  const deviation = Math.sqrt((df * rule.deviation ** 2 + squares) / (df + n - 1));
  const error = deviation / Math.sqrt(n);
  const bound = (look: number) => (quantile(look, rule) * deviation) / Math.sqrt(look);
  const needed = bound(next);
  const state = (): Standing['state'] => {
    if (n === next && mean > needed) return 'confirmed';
    if (n < last && mean + HOPE * error >= bound(last)) return 'open';
    return mean > error ? 'small' : 'behind';
  };
  return { state: state(), n, mean, error, needed };
}

/** The bound of Student's t at a look. */
function quantile(look: number, { looks, df, nth }: ConfirmRule): number {
  const shares = looks.map((_, at) => at + 1);
  const share = (shares[looks.indexOf(look)] ?? 0) / shares.reduce((sum, each) => sum + each, 0);
  return jstat.studentt.inv(1 - chanceOf(nth) * share, df + look - 1);
}
