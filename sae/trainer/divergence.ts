import type { RunResult } from './step.ts';
/** Training does not recover from a loss of more than this factor times the first. */
export const EXPLODED = 1e6;

/** Why training cannot continue after this step, with the term's name; null if it can. */
export function divergence(result: RunResult, firstLoss: number): string | null {
  const { step } = result;
  for (const [term, value] of Object.entries(result.losses)) {
    if (!Number.isFinite(value)) return `${term} is ${value} at step ${step}`;
  }
  if (!Number.isFinite(result.gradNorm)) return `the gradients are not finite at step ${step}`;
  if (result.loss > EXPLODED * Math.max(1, firstLoss)) {
    const [now, first] = [result.loss, firstLoss].map((loss) => loss.toPrecision(4));
    return `the loss exploded to ${now} at step ${step} (${first} at the first)`;
  }
  return null;
}
