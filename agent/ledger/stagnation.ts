import type { Sprint } from '#contract/sprint';
import type { SprintFailure } from '../journal/state.ts';

/**
 * How many of this loop's latest sprints in a row brought no new best. One of the loop's own that could not
 * merge two gains tried nothing.
 */
export function sprintsWithoutGain(mine: readonly Sprint[], ofThisLoop: readonly string[]): number {
  const recent = mine.filter(
    ({ id, combines }) => ofThisLoop.includes(id) && combines?.trouble === undefined,
  );
  const last = recent.findLastIndex((s) => s.outcome === 'new-best');
  return recent.length - 1 - last;
}

/** After this many sprints in a row with the same failure, the next is expected to fail too. */
const SAME_FAILURES = 3;

/**
 * The failure that came three times in a row, in its latest words; null where there is none. `failures`:
 * those of the sprints, in order.
 */
export function repeatedFailure(failures: readonly SprintFailure[]): SprintFailure | null {
  const last = failures.slice(-SAME_FAILURES);
  const kinds = new Set(last.map(({ code, reason }) => `${code} ${withoutNumbers(reason)}`));
  const latest = last.at(-1);
  if (!latest || last.length < SAME_FAILURES || kinds.size > 1) return null;
  return { code: latest.code, reason: `${SAME_FAILURES} times in a row: ${latest.reason}` };
}

/** The same failure may name another step or another run. */
const withoutNumbers = (text: string) => text.replace(/\d[\d.:e-]*/g, '0');
