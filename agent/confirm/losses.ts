import type { Rules } from '../ledger/decide.ts';
import type { OnSecretWorld } from './store.ts';

/**
 * What a best lost in runs that were made twice on one world and seed: in the later one where it was a
 * candidate before, since that one was honest if any was, else in the first one, which counts in a pair.
 */
export function lossesOf(
  twice: readonly [OnSecretWorld, OnSecretWorld][],
  { metric, goal }: Pick<Rules, 'metric' | 'goal'>,
): number[] {
  return twice.flatMap(([first, second]) => {
    const [a, b] = [first, second].map(({ result }) =>
      'metrics' in result ? result.metrics[metric] : undefined,
    );
    if (a === undefined || b === undefined) return [];
    const lost = goal === 'max' ? a - b : b - a;
    return [first.as === 'best' ? -lost : lost];
  });
}
