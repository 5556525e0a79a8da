import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { zone } from '../common/clock.ts';
import { count } from '../common/words.ts';
import type { Used } from '../journal/state.ts';
import type { Limits, LoopOptions } from './config.ts';

/**
 * The limits of a loop that began at `since`: the options, and TASK.md for the rest. Repeated calls give the
 * same result unless TASK.md was edited. A restart after a crash renews no limit: the hours that the loop
 * worked before are subtracted, and after a quick restart `--until` keeps its date even where the time has
 * passed.
 * @throws UserError for an invalid time of day, or a target that the task does not measure.
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

/** The limits in the form that events log. */
export const loggedLimits = ({ usd, tokens, sprints, trainHours, until }: Limits) => ({
  ...{ usd, tokens, sprints, trainHours },
  until: until.toISOString(),
});

const SECONDS_AN_HOUR = 3600;

/**
 * A start longer than this after a crash is a start by hand, which means the next time of day. An earlier
 * one is an automatic restart, which keeps the old one.
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
  // For other metrics the task does not say which way is better.
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

/** All limits of a loop or a sprint in one line; absent limits are left out, except money and sprints. */
export function limitsInWords({ usd, tokens, sprints, trainHours, until, sprint, target }: Limits): string {
  const parts = [
    `until ${until.toString().slice(0, 21)} (${zone(until)})`,
    sprints === null ? 'any number of sprints' : count(sprints, 'sprint'),
    usd === null ? 'no money limit' : `${usd} USD`,
    tokens === null ? '' : `${tokens} tokens`,
    trainHours === null ? '' : `${trainHours} h of training`,
    target === null ? '' : `or ${target.metric}${target.sign}${target.value} verified`,
  ];
  return `${list(parts)}; a sprint: ${sprintLimitsInWords(sprint)}`;
}

export const sprintLimitsInWords = ({ turns, usd, hours }: Limits['sprint']): string =>
  list([count(turns, 'turn'), usd === null ? '' : `${usd} USD`, hours === null ? '' : `${hours} h`]);

const list = (parts: string[]) => parts.filter((part) => part !== '').join(', ');
