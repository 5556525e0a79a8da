import type { Sprint } from '#contract/sprint';
import { count } from '../common/words.ts';
import type { Limits } from '../config/config.ts';
import type { Connection } from '../researcher/connection.ts';
import { costOf, noUsage, type Price } from '../researcher/prices.ts';

/** What a night is likely to cost, before the first paid call. */
export interface Forecast {
  sprintUsd: number;
  /** Of how many sprints that is the mean; 0: reckoned from the price alone. */
  measured: number;
  /** How many sprints there will be; null where nothing tells. */
  sprints: number | null;
  /** At most the money limit; null where nothing tells. */
  nightUsd: number | null;
}

/** So many of the last sprints are looked at; more in a night than MOST were too short to tell anything. */
const LOOK_BACK = 10;
const MOST = 100;

/**
 * From the sprints that this model made before at this profile, in this checkout; else from a sprint as it
 * usually goes. `hours`: what is left until the end.
 */
export function forecast(
  earlier: readonly Sprint[],
  { model, price }: Pick<Connection, 'model' | 'price'>,
  limits: Pick<Limits, 'usd' | 'sprints'>,
  hours: number,
): Forecast {
  const like = earlier
    .filter(({ outcome, runs }) => outcome !== 'interrupted' && runs.length > 0)
    .filter(
      ({ researcher, cost }) => researcher.kind === 'claude' && researcher.model === model && cost.usd > 0,
    )
    .slice(-LOOK_BACK);
  const mean = (of: (sprint: Sprint) => number) => like.reduce((sum, one) => sum + of(one), 0) / like.length;
  const sprintUsd = like.length > 0 ? mean(({ cost }) => cost.usd) : usualSprint(price);
  const byTime =
    like.length > 0 ? Math.max(1, Math.round(hours / (mean(({ cost }) => cost.wallSeconds) / 3600))) : null;
  const byMoney = limits.usd === null ? null : Math.max(1, Math.floor(limits.usd / sprintUsd));
  const bounds = [byTime, limits.sprints, ...(byTime === null && limits.sprints === null ? [] : [byMoney])];
  const known = bounds.filter((bound) => bound !== null);
  const sprints = known.length > 0 ? Math.min(...known, MOST) : null;
  const night = sprints === null ? null : sprints * sprintUsd;
  return {
    ...{ sprintUsd, measured: like.length, sprints },
    nightUsd: night === null ? limits.usd : Math.min(night, limits.usd ?? night),
  };
}

/** In a line, for the screen. */
export function forecastInWords({ sprintUsd, measured, sprints, nightUsd }: Forecast): string {
  const from =
    measured > 0
      ? `the mean of the last ${count(measured, 'sprint')}`
      : 'a guess from the prices: none was measured yet';
  const night =
    nightUsd === null
      ? ''
      : `; the night ${sprints === null ? 'at most' : 'about'} ${nightUsd.toFixed(2)} USD${sprints === null ? '' : ` (${count(sprints, 'sprint')})`}`;
  return `a sprint about ${sprintUsd.toFixed(2)} USD (${from})${night}`;
}

/**
 * A sprint as it usually goes: so many turns, each of which reads all before it from the cache and adds
 * results and a reply.
 */
const USUAL = { turns: 40, prompt: 15_000, results: 1500, reply: 900 };

function usualSprint(price: Price): number {
  const { turns, prompt, results, reply } = USUAL;
  let usd = 0;
  for (let turn = 0; turn < turns; turn++) {
    const before = turn === 0 ? 0 : prompt + (turn - 1) * (results + reply);
    const fresh = turn === 0 ? prompt : results + reply;
    usd += costOf(
      { ...noUsage, cacheReadTokens: before, cacheWrite1hTokens: fresh, outputTokens: reply },
      price,
    );
  }
  return usd;
}
