import { homeOf } from '#host/worktree';
import type { Refusal } from '../common/refusal.ts';
import { count, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { diskTrouble, type FreeBytes } from './disk.ts';
import { leftToSpend } from './may-call.ts';
import { loopSecondsLeft } from './time-left.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'repo' | 'limits' | 'leaderboard'>;
  journal: Journal;
  ledger: Ledger;
}

export type NoSprint = Refusal<'target' | 'disk' | 'sprints' | 'time' | 'money'>;

/**
 * The gate of every sprint. Returns null where one may begin, otherwise the reason why none may. A refusal
 * for `money` still allows a full run, which costs no money.
 */
export const mayOpenSprint = (loop: LoopParts, free?: FreeBytes): NoSprint | null =>
  targetReached(loop) ?? noRoom(loop, free) ?? tooLittleMoney(loop);

/** An earlier loop may have reached the target: then no further sprint is paid for. */
function targetReached({ config: { limits, leaderboard }, ledger }: LoopParts): NoSprint | null {
  if (limits.target === null) return null;
  const { metric, sign, value: bound } = limits.target;
  const best = bestOf(ledger.sprints, leaderboard);
  const confirmed = best?.confirmed?.candidate.mean[metric];
  const value = confirmed ?? best?.verdict?.metrics[metric];
  if (value === undefined || !(sign === '<=' ? value <= bound : value >= bound)) return null;
  return {
    code: 'target',
    reason: `the target is reached: ${metric} ${show(value)}, ${confirmed === undefined ? 'verified' : 'confirmed'}`,
  };
}

/** A loop that goes on may be given a limit that it had passed before. */
const asFarAs = (done: number, limit: number): string =>
  done > limit ? `those before the last start included, and the limit is ${limit}` : 'as asked';

function noRoom(loop: LoopParts, free?: FreeBytes): NoSprint | null {
  const { repo, limits } = loop.config;
  const disk = diskTrouble(homeOf(repo), free);
  if (disk !== null) return { code: 'disk', reason: disk };
  const state = loop.journal.state();
  const done = state.committed.length;
  // Those of other researchers that are open and not closed yet will be among them.
  const open = Object.values(state.sprints).filter(({ closed }) => closed === null).length;
  if (limits.sprints !== null && done + open >= limits.sprints)
    return { code: 'sprints', reason: `${count(done, 'sprint')} made, ${asFarAs(done, limits.sprints)}` };
  return loopSecondsLeft(loop) <= 0 ? { code: 'time', reason: 'the time is up' } : null;
}

/**
 * Refuses a sprint that could not be paid to its end: the money left is less than half of the mean cost of
 * this loop's sprints.
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
    reason: `the money limit of ${limits.usd} USD: ${left.toFixed(2)} is left, and a sprint of this loop costs ${mean.toFixed(2)} on average`,
  };
}
