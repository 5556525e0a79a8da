import { diskTrouble } from '../budget/disk.ts';
import { EXIT, type StopRequest } from '../budget/stop.ts';
import { count, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { repeatedFailure, sprintsWithoutGain } from '../ledger/stagnation.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Ending } from '../researcher/conversation.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

/** DECIDE: why the loop stops after this sprint, or null to go on. */
export function decideNext(loop: LoopParts, sprint: OpenSprint, ending: Ending): StopRequest | null {
  if (ending.kind === 'fatal') return { reason: ending.reason, exitCode: EXIT.fatal };
  if (ending.kind === 'limit' && ending.of === 'loop') return { reason: ending.reason, exitCode: EXIT.done };
  const nothingClaimed = ending.kind === 'silent' && !sprint.claim;
  if (nothingClaimed && loop.connection.kind === 'offline') {
    return { reason: 'nothing is left to be tried', exitCode: EXIT.done };
  }
  const mine = loop.ledger.of(loop.config.leaderboard);
  const target = targetReached(loop);
  if (target) return target;
  const repeated = repeatedFailure(loop.journal.state().failures);
  if (repeated) return { reason: repeated, exitCode: EXIT.failing };
  const { stop } = loop.config.task.contract.limits.stagnation;
  const ofThisLoop = loop.journal.state().committed.map((c) => c.sprint);
  const without = sprintsWithoutGain(mine, ofThisLoop);
  if (without >= stop)
    return { reason: `${without} sprints without a verified gain`, exitCode: EXIT.stagnant };
  return null;
}

function targetReached({ config: { limits, leaderboard }, ledger }: LoopParts): StopRequest | null {
  if (limits.target === null) return null;
  const { metric, sign, value: bound } = limits.target;
  const value = bestOf(ledger.sprints, leaderboard)?.verdict?.metrics[metric];
  if (value === undefined || !(sign === '<=' ? value <= bound : value >= bound)) return null;
  return { reason: `the target is reached: ${metric} ${show(value)}, verified`, exitCode: EXIT.done };
}

/** Why no further sprint may begin. */
export function atLimit(loop: LoopParts): StopRequest | null {
  const {
    config: { repo, limits },
    journal,
  } = loop;
  const disk = diskTrouble(repo);
  if (disk) return { reason: disk, exitCode: EXIT.disk };
  const done = journal.state().committed.length;
  if (limits.sprints !== null && done >= limits.sprints)
    return { reason: `${count(done, 'sprint')}, as asked`, exitCode: EXIT.done };
  if (Date.now() >= limits.until.getTime()) return { reason: 'the time is up', exitCode: EXIT.done };
  // By an earlier loop, it may be: then no further sprint is paid for.
  return limits.target && targetReached(loop);
}

/** No sprint is begun that could not be paid to its end: what is left is less than half of what a sprint of this loop cost. */
export function tooLittleMoney({ config: { limits }, journal, ledger }: LoopParts): StopRequest | null {
  const { usd, held, committed } = journal.state();
  if (limits.usd === null) return null;
  const mine = ledger.sprints.filter(
    ({ id, cost }) => cost.usd > 0 && committed.some((c) => c.sprint === id),
  );
  const mean = mine.reduce((sum, { cost }) => sum + cost.usd, 0) / Math.max(1, mine.length);
  const left = limits.usd - usd - held.usd;
  if (mean === 0 || left >= mean / 2) return null;
  const reason = `the money limit of ${limits.usd} USD: ${left.toFixed(2)} is left, and a sprint of this loop cost ${mean.toFixed(2)}`;
  return { reason, exitCode: EXIT.done };
}

/** Why a conversation ended, as the events tell it. */
export const reasonOf = (ending: Ending): string => ('reason' in ending ? ending.reason : ending.kind);
