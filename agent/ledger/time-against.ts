import type { RunSpec } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';
import { duration } from '../common/words.ts';
import { sameRecipe } from './repeat.ts';

/** A run is out of proportion if it took more than this many times as long as the best's. */
const OUT_OF_PROPORTION = 1.5;

/** The time of a run beside that of the best's runs: in seconds, and how many times as long. */
export interface TimeAgainst {
  seconds: number;
  best: number;
  times: number;
}

/**
 * The time of a finished run against the best's, at the same samples, on the same backend and processor; of
 * several such runs of the best the median. Null where there is none, and for a run of the best's own recipe.
 */
export function timeAgainst(
  run: SprintRun,
  best: RunSpec | null,
  runs: readonly SprintRun[],
): TimeAgainst | null {
  const { seconds, backend, samples, machine } = run;
  if (best === null || run.status !== 'finished' || !seconds || backend === null) return null;
  if (sameRecipe(run, best)) return null;
  const alike = runs.filter(
    (other) =>
      other.status === 'finished' &&
      other.samples === samples &&
      other.backend === backend &&
      (!machine || !other.machine || machine.cpu === other.machine.cpu) &&
      sameRecipe(other, best),
  );
  const times = alike.flatMap((other) => other.seconds || []).sort((a, b) => a - b);
  const middle = times[Math.floor((times.length - 1) / 2)];
  return middle === undefined ? null : { seconds, best: middle, times: seconds / middle };
}

/**
 * The same for a run of a sprint, against the best before it: that one's runs up to this sprint.
 */
export function timeInSprint(run: SprintRun, sprint: Sprint, sprints: readonly Sprint[]): TimeAgainst | null {
  const { bestBefore, profile, number } = sprint;
  const before = sprints.filter((other) => other.profile === profile && other.number <= number);
  const runs = before.flatMap((other) => other.runs);
  return timeAgainst(run, runs.find(({ id }) => id === bestBefore?.run) ?? null, runs);
}

/** The same for the candidate of a sprint; null where it has none. */
export function timeOfCandidate(sprint: Sprint, sprints: readonly Sprint[]): TimeAgainst | null {
  const candidate = sprint.runs.find(({ id }) => id === sprint.candidate);
  return candidate ? timeInSprint(candidate, sprint, sprints) : null;
}

/**
 * The same for a run that has not been committed, against the present best. `board`: the sprints of its
 * leaderboard; `others`: runs beside those.
 */
export function timeNow(
  run: SprintRun,
  board: readonly Sprint[],
  others: readonly SprintRun[] = [],
): TimeAgainst | null {
  const best = board.findLast(({ outcome }) => outcome === 'new-best');
  const runs = board.flatMap((sprint) => sprint.runs);
  return timeAgainst(run, runs.find(({ id }) => id === best?.candidate) ?? null, [...runs, ...others]);
}

/**
 * A time that is out of proportion, in words; null for any other. More passes over the data that were served
 * take longer, and nothing else of them is observed.
 */
export function outOfProportion(time: TimeAgainst | null): string | null {
  const times = howSlow(time);
  if (time === null || times === null) return null;
  return `${times} at the same samples and backend (${duration(time.seconds)} to ${duration(time.best)})`;
}

/** The same in few words. */
export const howSlow = (time: TimeAgainst | null): string | null =>
  time !== null && time.times > OUT_OF_PROPORTION
    ? `took ${time.times.toFixed(1)} times as long as the best`
    : null;
