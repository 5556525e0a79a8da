import { mayOpenSprint } from '../budget/may-open-sprint.ts';
import type { StopRequest } from '../budget/stop.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { repeatedFailure, sprintsWithoutGain } from '../ledger/stagnation.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Ending } from '../researcher/conversation.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

/** Limits that hold for the whole loop, not for one conversation. */
const OF_LOOP = ['time', 'money', 'tokens'] as const;

/** DECIDE: why the loop stops after this sprint, or null to go on. */
export function decideNext(loop: LoopParts, sprint: OpenSprint, ending: Ending): StopRequest | null {
  if (ending.kind === 'fatal') return { code: ending.code, reason: ending.reason };
  if (ending.kind === 'limit') {
    const code = OF_LOOP.find((limit) => limit === ending.code);
    if (code) return { code, reason: ending.reason };
  }
  const nothingClaimed = ending.kind === 'silent' && !sprint.claim;
  if (nothingClaimed && loop.connection.kind === 'offline') {
    return { code: 'nothing-left', reason: 'nothing is left to be tried' };
  }
  const no = mayOpenSprint(loop);
  if (no?.code === 'target') return no;
  const repeated = repeatedFailure(loop.journal.state().failures);
  if (repeated) return repeated;
  const { stop } = loop.config.task.contract.limits.stagnation;
  const ofThisLoop = loop.journal.state().committed.map((c) => c.sprint);
  const without = sprintsWithoutGain(loop.ledger.of(loop.config.leaderboard), ofThisLoop);
  if (without >= stop)
    return { code: 'no-gain', reason: `${without} sprints in a row without a verified gain` };
  return null;
}

/** Why a conversation ended, as the events tell it. */
export const reasonOf = (ending: Ending): string => ('reason' in ending ? ending.reason : ending.kind);
