/**
 * Verified F1 of one seed: two runs of the engine and two of dense tfjs, the second of each on activations
 * that are rounded otherwise.
 */
export interface Quartet {
  embedded: number;
  embeddedNudged: number;
  dense: number;
  denseNudged: number;
}

export interface Comparison {
  seeds: number;
  /**
   * The mean over seeds of the engine's F1 minus that of dense tfjs, each the mean of two runs; and its
   * standard error.
   */
  difference: number;
  standardError: number;
  /**
   * Root mean square of the difference between two runs of a seed: of the same engine, and of the two
   * engines.
   */
  apartByRounding: number;
  apartByEngine: number;
}

/**
 * Compares whole runs of two engines as samples, because runs whose sums are rounded otherwise diverge after
 * some hundred steps: by the mean of their differences, and by whether runs of two engines differ more than
 * two runs of one engine.
 */
export function compare(quartets: readonly Quartet[]): Comparison {
  const effects = quartets.map((q) => (q.embedded + q.embeddedNudged - q.dense - q.denseNudged) / 2);
  const difference = mean(effects);
  const squares = effects.map((effect) => (effect - difference) ** 2);
  const seeds = quartets.length;
  return {
    seeds,
    difference,
    standardError: Math.sqrt(mean(squares) / (seeds - 1)),
    apartByRounding: rootMeanSquare(
      quartets.flatMap((q) => [q.embedded - q.embeddedNudged, q.dense - q.denseNudged]),
    ),
    apartByEngine: rootMeanSquare(
      quartets.flatMap((q) => [q.embedded - q.dense, q.embeddedNudged - q.denseNudged]),
    ),
  };
}

/**
 * Whether the engines are equal within chance. At 12 seeds chance alone exceeds 3 standard errors once in a
 * hundred times, and a ratio of 2 more rarely.
 */
export function isEqual({ difference, standardError, apartByEngine, apartByRounding }: Comparison): boolean {
  return Math.abs(difference) <= 3 * standardError && apartByEngine <= 2 * apartByRounding;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const rootMeanSquare = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => value ** 2)));
