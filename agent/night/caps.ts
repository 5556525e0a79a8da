import type { House } from '../house.ts';
import type { OpenSprint } from '../sprint/open.ts';
import { workedSeconds } from '../state.ts';
import { count } from '../words.ts';

/** Turns that a researcher has to close a sprint whose own limit is reached. */
export const CLOSING_TURNS = 5;

/** What is said, once, to a researcher whose sprint has reached a limit of its own. */
export function capNotice(house: House, sprint: OpenSprint): string[] {
  const state = house.state().sprint;
  const reason = reachedCap(house);
  if (!state || state.capped || reason === null) return [];
  house.events.emit({ type: 'sprint.capped', sprint: sprint.claim?.id ?? null, reason });
  return [
    `This sprint has reached its limit: ${reason}. Start nothing more. Write into its README what was found and what was not, then call finish_sprint; the sprint is closed after ${CLOSING_TURNS} more turns.`,
  ];
}

/** Why no further call is made in this sprint; null while one may be. */
export function pastCap(house: House): { of: 'sprint'; reason: string } | null {
  const { capped, cost } = house.state().sprint ?? {};
  if (!capped || !cost || cost.turns < capped.turns + CLOSING_TURNS) return null;
  return { of: 'sprint', reason: `${capped.reason}, and it was not closed in ${CLOSING_TURNS} turns` };
}

/** Seconds that are left of the open sprint's hours. The time between a crash and the next start is not the sprint's. */
export function sprintSecondsLeft({ limits, state }: Pick<House, 'limits' | 'state'>): number {
  const now = state();
  if (!now.sprint || limits.sprint.hours === null) return Number.POSITIVE_INFINITY;
  const worked = workedSeconds({ ...now, lastEventAt: new Date().toISOString() });
  return limits.sprint.hours * 3600 - (worked - now.sprint.openedAfter);
}

function reachedCap(house: House): string | null {
  const { usd, hours, turns } = house.limits.sprint;
  const cost = house.state().sprint?.cost;
  if (!cost) return null;
  if (usd !== null && cost.usd >= usd) return `${usd} USD for one sprint are spent`;
  if (sprintSecondsLeft(house) <= 0) return `${hours} h for one sprint are over`;
  return cost.turns >= turns ? `${count(turns, 'turn')} in one sprint are made` : null;
}
