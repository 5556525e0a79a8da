/** Values of recipes, of each the values by seed: [recipe][seed]. All recipes have the same seeds. */
export type BySeed = readonly (readonly number[])[];

/** A rank correlation, and the interval that it is in for 95 of 100 draws of the seeds. */
export interface RankCorrelation {
  value: number;
  /** Null for one seed, which has no spread. */
  interval: [low: number, high: number] | null;
}

/** At most so many draws: all that there are, where there are fewer. */
const DRAWS = 5_000;

/** Ranks from 1; values that are equal share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}

/** Spearman's rank correlation, with ties; NaN where all values of one side are equal. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [centred(ranks(a)), centred(ranks(b))];
  const product = (u: readonly number[], v: readonly number[]) =>
    u.reduce((sum, value, i) => sum + value * (v[i] ?? 0), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

const centred = (values: readonly number[]): number[] => values.map((value) => value - mean(values));

/**
 * The rank correlation of the means over seeds, with the percentile interval of its bootstrap: seeds are
 * drawn with replacement, of each side by itself, for all recipes at once. It holds what training by chance
 * does to the order of these recipes, and not how other recipes would stand.
 */
export function rankCorrelation(a: BySeed, b: BySeed): RankCorrelation {
  const value = spearman(a.map(mean), b.map(mean));
  const [left, right] = [a[0]?.length ?? 0, b[0]?.length ?? 0];
  if (left < 2 || right < 2) return { value, interval: null };
  const of = (values: BySeed, seeds: readonly number[]) =>
    values.map((own) => mean(seeds.map((seed) => own[seed] ?? Number.NaN)));
  const drawn = draws(left, right)
    .map(([first, second]) => spearman(of(a, first), of(b, second)))
    .filter(Number.isFinite)
    .sort((x, y) => x - y);
  return { value, interval: [quantile(drawn, 0.025), quantile(drawn, 0.975)] };
}

/** Pairs of draws of `left` and `right` seeds: every pair where they are few, else drawn ones. */
function draws(left: number, right: number): (readonly [number[], number[]])[] {
  const all = left ** left * right ** right;
  if (all <= DRAWS)
    return Array.from({ length: all }, (_, i) => [
      digits(i % left ** left, left),
      digits(Math.floor(i / left ** left), right),
    ]);
  const random = lehmer();
  const some = (seeds: number) => Array.from({ length: seeds }, () => Math.floor(random() * seeds));
  return Array.from({ length: DRAWS }, () => [some(left), some(right)]);
}

/** The digits of a number to the base `length`, as many. */
const digits = (value: number, length: number): number[] =>
  Array.from({ length }, (_, place) => Math.floor(value / length ** place) % length);

/** Numbers in [0, 1), the same each time: a report made again is the same. */
function lehmer(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** The quantile of values in order, between neighbours in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? low) - low);
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
