import type { Progress } from '#contract/run';

/**
 * Tells which lines of a trainer's progress are logged: one in `everyMs`, and the first that says that the
 * run is at its end. How many say so is the trainer's word: it may write thousands a second.
 */
export function paced(
  everyMs: number,
  now: () => number = Date.now,
): (progress: Pick<Progress, 'samples' | 'totalSamples'>) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  let hasEnded = false;
  return ({ samples, totalSamples }) => {
    const isEnd = samples >= totalSamples && !hasEnded;
    if (!isEnd && now() - last < everyMs) return false;
    hasEnded ||= isEnd;
    last = now();
    return true;
  };
}
