import type { Config } from '../config/config.ts';
import { workedSeconds } from '../journal/fold.ts';
import type { Journal } from '../journal/journal.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Pick<Config, 'limits'>;
  journal: Journal;
}

/** Seconds until the end of the loop; below 0 where it is over. */
export const loopSecondsLeft = ({ config: { limits }, journal }: LoopParts): number =>
  (limits.until.getTime() - journal.now()) / 1000;

/** Until the end of the loop, or of the hours that training may take. */
export function nightSecondsLeft(loop: LoopParts): number {
  const { trainHours } = loop.config.limits;
  const time = loopSecondsLeft(loop);
  if (trainHours === null) return time;
  return Math.min(time, trainHours * 3600 - loop.journal.state().trainSeconds);
}

/** Of the open sprint's own hours. The time between a crash and the next start is not the sprint's. */
export function sprintSecondsLeft({ config: { limits }, journal }: LoopParts): number {
  const state = journal.state();
  if (!state.sprint || limits.sprint.hours === null) return Number.POSITIVE_INFINITY;
  const worked = workedSeconds({ ...state, lastEventAt: new Date(journal.now()).toISOString() });
  return limits.sprint.hours * 3600 - (worked - state.sprint.openedAfter);
}

/** For training: until the first of them ends. */
export const secondsLeft = (loop: LoopParts): number =>
  Math.min(nightSecondsLeft(loop), sprintSecondsLeft(loop));
