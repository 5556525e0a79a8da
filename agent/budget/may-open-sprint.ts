import { homeOf } from '#host/worktree';
import type { Refusal } from '../common/refusal.ts';
import { count, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { diskTrouble, type FreeBytes } from './disk.ts';
import { leftToSpend } from './may-call.ts';
import { loopSecondsLeft } from './time-left.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Pick<Config, 'repo' | 'limits' | 'leaderboard'>;
  journal: Journal;
  ledger: Ledger;
}

export type NoSprint = Refusal<'target' | 'disk' | 'sprints' | 'time' | 'money'>;

/**
 * The gate of every sprint: null where one may begin, else why none may. `money` leaves time for a full run,
 * which costs none.
 */
export const mayOpenSprint = (loop: LoopParts, free?: FreeBytes): NoSprint | null =>
  targetReached(loop) ?? noRoom(loop, free) ?? tooLittleMoney(loop);

/** By an earlier loop, it may be: then no further sprint is paid for. */
function targetReached({ config: { limits, leaderboard }, ledger }: LoopParts): NoSprint | null {
  if (limits.target === null) return null;
  const { metric, sign, value: bound } = limits.target;
  const value = bestOf(ledger.sprints, leaderboard)?.verdict?.metrics[metric];
  if (value === undefined || !(sign === '<=' ? value <= bound : value >= bound)) return null;
  return { code: 'target', reason: `the target is reached: ${metric} ${show(value)}, verified` };
}

function noRoom(loop: LoopParts, free?: FreeBytes): NoSprint | null {
  const { repo, limits } = loop.config;
  const disk = diskTrouble(homeOf(repo), free);
  if (disk !== null) return { code: 'disk', reason: disk };
  const done = loop.journal.state().committed.length;
  if (limits.sprints !== null && done >= limits.sprints)
    return { code: 'sprints', reason: `${count(done, 'sprint')}, as asked` };
  return loopSecondsLeft(loop) <= 0 ? { code: 'time', reason: 'the time is up' } : null;
}

/**
 * No sprint is begun that could not be paid to its end: what is left is less than half of what a sprint of
 * this loop cost.
 */
function tooLittleMoney(loop: LoopParts): NoSprint | null {
  const { limits } = loop.config;
  if (limits.usd === null) return null;
  const { committed } = loop.journal.state();
  const mine = loop.ledger.sprints.filter(
    ({ id, cost }) => cost.usd > 0 && committed.some((c) => c.sprint === id),
  );
  const mean = mine.reduce((sum, { cost }) => sum + cost.usd, 0) / Math.max(1, mine.length);
  const left = leftToSpend(loop).usd;
  if (mean === 0 || left >= mean / 2) return null;
  return {
    code: 'money',
    reason: `the money limit of ${limits.usd} USD: ${left.toFixed(2)} is left, and a sprint of this loop cost ${mean.toFixed(2)}`,
  };
}
