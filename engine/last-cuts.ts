/**
 * A selection first looks only at numbers above this share of an earlier cut: these are few, and nearly
 * always enough.
 */
const HINT = 0.95;
/**
 * The last cuts, latest first. A step may make several selections in turn, so the next hint is taken at the
 * position (`closest`) whose cut was nearest to the last one.
 */
const cuts = [0, 0, 0, 0];
let closest = 0;

/** Where a selection may begin to look; 0 if no earlier one says. No result depends on it. */
export const hintOfCuts = (): number => (cuts[closest] > 0 ? cuts[closest] * HINT : 0);

/** Records the smallest number that a selection kept. */
export function noteCut(cut: number): void {
  closest = 0;
  for (let i = 1; i < cuts.length; i++) {
    if (Math.abs(cuts[i] - cut) < Math.abs(cuts[closest] - cut)) closest = i;
  }
  cuts.pop();
  cuts.unshift(cut);
}

/** A bound above which more numbers than this lie is no good guess. */
export const mostNear = (size: number, count: number): number => Math.min(size, 4 * count + 64);

/** The least of these numbers. */
export function smallest(values: Float32Array): number {
  let least = values[0];
  for (let i = 1; i < values.length; i++) if (values[i] < least) least = values[i];
  return least;
}
