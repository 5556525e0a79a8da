import { count } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Limit } from '../researcher/conversation.ts';
import { sprintSecondsLeft } from './time-left.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'limits'>;
  journal: Journal;
}

/** Turns that a researcher has for closing a sprint that has reached a limit of its own. */
export const CLOSING_TURNS = 5;

/** The notice, given once, to a researcher whose sprint has reached a limit of its own. */
export function capNotice(loop: LoopParts): string[] {
  const state = loop.journal.sprint;
  const reason = reachedCap(loop);
  if (!state || state.capped || reason === null) return [];
  loop.journal.emit({ type: 'sprint.capped', sprint: state.claim?.id ?? null, reason });
  return [
    `This sprint has reached ${reason}. Start nothing new. Write into its README.md what you found and what remains open, then call finish_sprint. The loop closes the sprint after ${CLOSING_TURNS} more turns.`,
  ];
}

/** Why this sprint may make no further call; null while it may. */
export function pastCap(loop: LoopParts): Limit | null {
  const { capped, cost } = loop.journal.sprint ?? {};
  if (!capped || !cost || cost.turns < capped.turns + CLOSING_TURNS) return null;
  return {
    code: 'sprint',
    reason: `${capped.reason}, and finish_sprint was not called in the ${CLOSING_TURNS} turns after it`,
  };
}

function reachedCap(loop: LoopParts): string | null {
  const { usd, hours, turns } = loop.config.limits.sprint;
  const cost = loop.journal.sprint?.cost;
  if (!cost) return null;
  if (usd !== null && cost.usd >= usd) return `the limit of ${usd} USD for one sprint`;
  if (sprintSecondsLeft(loop) <= 0) return `the limit of ${hours} h for one sprint`;
  return cost.turns >= turns ? `the limit of ${count(turns, 'turn')} for one sprint` : null;
}
