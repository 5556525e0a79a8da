import type { Sprint } from '#contract/sprint';

/** How many of the latest sprints of this loop, in a row, brought no new best. */
export function sprintsWithoutGain(mine: readonly Sprint[], ofThisLoop: readonly string[]): number {
  const recent = mine.filter((s) => ofThisLoop.includes(s.id));
  const last = recent.findLastIndex((s) => s.outcome === 'new-best');
  return recent.length - 1 - last;
}

/**
 * After so many sprints in a row that failed in the same way there is no reason to think that the next will
 * not.
 */
const SAME_FAILURES = 3;

/**
 * The failure that came three times in a row, as it was put last; null where there is none. `failures`: of
 * the sprints in order.
 */
export function repeatedFailure(failures: readonly string[]): string | null {
  const last = failures.slice(-SAME_FAILURES);
  const kinds = new Set(last.map(withoutNumbers));
  return last.length === SAME_FAILURES && kinds.size === 1
    ? `${SAME_FAILURES} times in a row: ${last.at(-1)}`
    : null;
}

/** The same failure comes at another step, in another run. */
const withoutNumbers = (text: string) => text.replace(/\d[\d.:e-]*/g, '0');
