/**
 * Verified F1 of one seed: two runs of the engine and two of dense tfjs, the second of each with x rounded
 * otherwise.
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
   * Mean over seeds of what the engine's two runs have more than those of dense tfjs, and its standard error.
   */
  difference: number;
  standardError: number;
  /**
   * How far two runs of a seed come out apart (root mean square): of the same engine, and of the two engines.
   */
  apartByRounding: number;
  apartByEngine: number;
}

/**
 * Runs whose sums are rounded otherwise part after some hundred steps, so whole runs of two engines can only
 * be compared as samples: by the mean of their differences, and by whether two engines come out further apart
 * than one engine from itself.
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
 * Chance alone passes 3 standard errors once in a hundred times at 12 seeds, and a ratio of 2 more rarely.
 */
export function isEqual({ difference, standardError, apartByEngine, apartByRounding }: Comparison): boolean {
  return Math.abs(difference) <= 3 * standardError && apartByEngine <= 2 * apartByRounding;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const rootMeanSquare = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => value ** 2)));
