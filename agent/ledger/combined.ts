import type { Combining, Pair } from '#contract/combining';
import type { Sprint } from '#contract/sprint';
import type { Verdict } from '#contract/verdict';
import { show } from '../common/words.ts';

/** The sprints of a pair, from the ledger; null where one of them has gone. */
export function sprintsOf(
  pair: Pair,
  board: readonly Sprint[],
): { base: Sprint; best: Sprint; left: Sprint } | null {
  const [base, best, left] = [pair.base, pair.best, pair.left].map((of) => board.find(({ id }) => id === of));
  return base && best && left ? { base, best, left } : null;
}

/**
 * The gains over the best that two gains began with: of each of them, and of both together. By their verdicts
 * in the public world. Undefined where a number is missing.
 */
export function gainsOver(
  pair: Pair,
  verdict: Verdict | null,
  board: readonly Sprint[],
  noise: number,
): Combining['gains'] {
  const of = sprintsOf(pair, board);
  if (!of) return undefined;
  const { metric, goal } = of.base;
  const value = (from: Verdict | null) => from?.metrics[metric] ?? Number.NaN;
  const gain = (from: Verdict | null) => (value(from) - value(of.base.verdict)) * (goal === 'max' ? 1 : -1);
  const gains = { best: gain(of.best.verdict), left: gain(of.left.verdict), both: gain(verdict), noise };
  return Object.values(gains).some(Number.isNaN) ? undefined : gains;
}

type Gains = NonNullable<Combining['gains']>;

/**
 * Whether two gains add up. `more` is the gain of both beyond the sum of the two. Four verdicts are in it,
 * a gain has two: so its noise is larger by √2.
 */
export function sumOf({ best, left, both, noise }: Gains): { more: number; noise: number; words: string } {
  const exact = both - (best + left);
  // What is left of rounding is no difference.
  const more = Math.abs(exact) > 1e-9 * (Math.abs(best) + Math.abs(left)) ? exact : 0;
  const ofSum = noise * Math.SQRT2;
  const words =
    Math.abs(more) <= ofSum
      ? 'they add up, within the noise'
      : more > 0
        ? 'together they give more than their sum'
        : both > Math.max(best, left) + noise
          ? 'they add up in part'
          : 'they do not add up';
  return { more, noise: ofSum, words };
}

/** The gains of a pair and whether they add up, in a line. */
export function gainsInWords(pair: Pair, gains: Gains, board: readonly Sprint[]): string {
  const of = sprintsOf(pair, board);
  const sprint = (one: Sprint | undefined) => `sprint ${one?.number ?? '?'}`;
  const { more, noise, words } = sumOf(gains);
  const each = `${signed(gains.best)} by ${sprint(of?.best)}, ${signed(gains.left)} by ${sprint(of?.left)}, ${signed(gains.both)} by both`;
  return `gains over ${sprint(of?.base)}: ${each} (noise ${Number(gains.noise.toPrecision(2))}); both give ${signed(more)} against the sum (noise ${Number(noise.toPrecision(2))}): ${words}`;
}

/**
 * What became of two gains that were made side by side, in short: for the sprint that put them together, for
 * the one whose gain was left out, and for one that was asked to combine them.
 */
export function pairRemarks({ id, combines, handed }: Sprint, board: readonly Sprint[]): string[] {
  const number = (of: string | undefined) => board.find((each) => each.id === of)?.number ?? '?';
  const inPair = combines && `sprints ${number(combines.best)} and ${number(combines.left)}`;
  const together = combines?.gains ? `: ${sumOf(combines.gains).words}` : '';
  const after = board.filter((each) => each.combines?.left === id);
  return [
    ...(combines && combines.trouble === undefined ? [`${inPair} together${together}`] : []),
    ...(combines?.trouble === undefined ? [] : [`${inPair} could not be combined: ${combines.trouble}`]),
    ...after.map(
      (each) =>
        `made beside sprint ${number(each.combines?.best)}; combined with it in sprint ${each.number}`,
    ),
    ...(handed === undefined ? [] : [`asked to combine what sprint ${number(handed)} could not`]),
  ];
}

const signed = (value: number): string => `${value < 0 ? '-' : '+'}${show(Math.abs(value))}`;
