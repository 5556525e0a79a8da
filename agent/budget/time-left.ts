import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { workedSeconds } from '../journal/state.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'limits'>;
  journal: Journal;
}

/** Seconds until the end of the loop; negative after it. */
export const loopSecondsLeft = ({ config: { limits }, journal }: LoopParts): number =>
  (limits.until.getTime() - journal.now()) / 1000;

/** Seconds until the end of the loop, or until the limit of training hours, whichever is first. */
export function nightSecondsLeft(loop: LoopParts): number {
  const { trainHours } = loop.config.limits;
  const time = loopSecondsLeft(loop);
  if (trainHours === null) return time;
  return Math.min(time, trainHours * 3600 - loop.journal.state().trainSeconds);
}

/**
 * Seconds left of the open sprint's own hours. The time between a crash and the next start does not count.
 */
export function sprintSecondsLeft({ config: { limits }, journal }: LoopParts): number {
  const state = journal.state();
  const { sprint } = journal;
  if (!sprint || limits.sprint.hours === null) return Number.POSITIVE_INFINITY;
  const worked = workedSeconds({ ...state, lastEventAt: new Date(journal.now()).toISOString() });
  return limits.sprint.hours * 3600 - (worked - sprint.openedAfter);
}
