import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { zone } from '../common/clock.ts';
import { count } from '../common/words.ts';
import type { Used } from '../journal/fold.ts';
import type { Limits, LoopOptions } from './config.ts';

/**
 * Where a loop that began at `since` ends: what was asked for, and TASK.md for the rest. The same at every
 * look, so that an edit of TASK.md takes effect and nothing else moves. Where it takes up one that was cut
 * off, of its hours those are gone that this was at work, and a time of day that has come since is not the
 * next day's: no crash begins either anew.
 * @throws UserError for a time of day that is none, or a target that the task does not measure.
 */
export function limitsOf(
  asked: LoopOptions,
  task: Task,
  { since, takenUp }: { since: Date; takenUp: Used | null },
): Limits {
  const { limits } = task.contract;
  return {
    usd: asked.maxUsd === 'none' ? null : (asked.maxUsd ?? limits.usd),
    tokens: asked.maxTokens,
    sprints: asked.maxSprints ?? limits.sprints,
    trainHours: asked.trainHours,
    until: asked.until
      ? nextTime(asked.until, lastHeard(since, takenUp))
      : new Date(since.getTime() + (limits.hours * SECONDS_AN_HOUR - (takenUp?.seconds ?? 0)) * 1000),
    sprint: {
      usd: asked.sprintUsd ?? limits.sprint.usd,
      hours: asked.sprintHours ?? limits.sprint.hours,
      turns: limits.sprint.turns,
    },
    target: targetOf(asked, task),
  };
}

/** As events tell them. */
export const loggedLimits = ({ usd, tokens, sprints, trainHours, until }: Limits) => ({
  ...{ usd, tokens, sprints, trainHours },
  until: until.toISOString(),
});

const SECONDS_AN_HOUR = 3600;

/**
 * Whoever starts it by hand long after a crash means the time of day that comes next; whatever restarts it by
 * itself does not.
 */
const BY_HAND_MS = 3600_000;

function lastHeard(since: Date, takenUp: Used | null): Date {
  const at = takenUp && new Date(takenUp.lastHeardAt);
  return at && since.getTime() - at.getTime() < BY_HAND_MS ? at : since;
}

function targetOf({ target }: LoopOptions, { contract, path }: Task): Limits['target'] {
  if (target === null) return null;
  const { metric, sign, value } = target;
  const shown = [contract.metric, ...contract.also];
  if (!shown.includes(metric))
    throw new UserError(`--target ${metric}: ${path} has no such metric; it has: ${shown.join(', ')}`);
  if (sign !== '=') return { metric, sign, value };
  // Of the others the task does not say which way is better.
  if (metric !== contract.metric)
    throw new UserError(`--target ${metric}=${value}: write "${metric}>=${value}" or "${metric}<=${value}"`);
  return { metric, sign: contract.goal === 'min' ? '<=' : '>=', value };
}

/** The next time after `now` that the clock shows HH:MM. @throws UserError for anything else. */
export function nextTime(text: string, now: Date): Date {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (!match) throw new UserError(`--until ${text}: must be a time of day, like 07:30`);
  const time = new Date(now);
  time.setHours(Number(match[1]), Number(match[2]), 0, 0);
  if (time <= now) time.setDate(time.getDate() + 1);
  return time;
}

/** All that ends a loop or a sprint, in a line; what knows no limit is left out, but money and sprints. */
export function limitsInWords({ usd, tokens, sprints, trainHours, until, sprint, target }: Limits): string {
  const parts = [
    `until ${until.toString().slice(0, 21)} (${zone(until)})`,
    sprints === null ? 'any number of sprints' : count(sprints, 'sprint'),
    usd === null ? 'no limit of money' : `${usd} USD`,
    tokens === null ? '' : `${tokens} tokens`,
    trainHours === null ? '' : `${trainHours} h of training`,
    target === null ? '' : `or ${target.metric}${target.sign}${target.value} verified`,
  ];
  return `${list(parts)}; a sprint: ${sprintLimitsInWords(sprint)}`;
}

export const sprintLimitsInWords = ({ turns, usd, hours }: Limits['sprint']): string =>
  list([count(turns, 'turn'), usd === null ? '' : `${usd} USD`, hours === null ? '' : `${hours} h`]);

const list = (parts: string[]) => parts.filter((part) => part !== '').join(', ');
