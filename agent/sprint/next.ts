import { mayOpenSprint, type NoSprint } from '../budget/may-open-sprint.ts';
import { EXIT, type StopRequest } from '../budget/stop.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { repeatedFailure, sprintsWithoutGain } from '../ledger/stagnation.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Ending, Limit } from '../researcher/conversation.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

/** Limits that hold for the whole loop, not for one conversation. */
const OF_LOOP: readonly Limit['code'][] = ['time', 'money', 'tokens'];

/** DECIDE: why the loop stops after this sprint, or null to go on. */
export function decideNext(loop: LoopParts, sprint: OpenSprint, ending: Ending): StopRequest | null {
  if (ending.kind === 'fatal') return { reason: ending.reason, exitCode: EXIT.fatal };
  if (ending.kind === 'limit' && OF_LOOP.includes(ending.code))
    return { reason: ending.reason, exitCode: EXIT.done };
  const nothingClaimed = ending.kind === 'silent' && !sprint.claim;
  if (nothingClaimed && loop.connection.kind === 'offline') {
    return { reason: 'nothing is left to be tried', exitCode: EXIT.done };
  }
  const no = mayOpenSprint(loop);
  if (no?.code === 'target') return stopFor(no);
  const repeated = repeatedFailure(loop.journal.state().failures);
  if (repeated) return { reason: repeated, exitCode: EXIT.failing };
  const { stop } = loop.config.task.contract.limits.stagnation;
  const ofThisLoop = loop.journal.state().committed.map((c) => c.sprint);
  const without = sprintsWithoutGain(loop.ledger.of(loop.config.leaderboard), ofThisLoop);
  if (without >= stop)
    return { reason: `${without} sprints without a verified gain`, exitCode: EXIT.stagnant };
  return null;
}

/** The stop request of a loop that may open no sprint. */
export const stopFor = ({ code, reason }: NoSprint): StopRequest => ({
  reason,
  exitCode: code === 'disk' ? EXIT.disk : EXIT.done,
});

/** Why a conversation ended, as the events tell it. */
export const reasonOf = (ending: Ending): string => ('reason' in ending ? ending.reason : ending.kind);
