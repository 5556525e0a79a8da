import { normalCdf } from '../world/normal.ts';

const STEP = 1 / 32;
const LOW = -10;
const HIGH = 8;
const TOP = Math.round((HIGH - LOW) / STEP);

/**
 * Phi at LOW, LOW + STEP, ..., HIGH, the last one raised to 1: `bound[levelAbove(x)] >= Phi(x)` for every x.
 */
export const bound = Float64Array.from({ length: TOP + 1 }, (_, i) =>
  i === TOP ? 1 : normalCdf(LOW + i * STEP),
);
/** -log(1 - bound). */
export const hazard = bound.map((q) => -Math.log1p(-q));

/** The place of x in the grid, rounded up. */
export function levelAbove(x: number): number {
  return Math.max(0, Math.min(TOP, Math.ceil((x - LOW) / STEP)));
}

/** Whether u < Phi(x). The grid decides it nearly always, without computing Phi. */
export function isBelowPhi(u: number, x: number): boolean {
  const cell = Math.floor((x - LOW) / STEP);
  if (cell >= 0 && cell < TOP) {
    if (u < bound[cell]) return true;
    if (u >= bound[cell + 1]) return false;
  }
  return u < normalCdf(x);
}
