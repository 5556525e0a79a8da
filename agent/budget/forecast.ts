import type { Sprint } from '#contract/sprint';
import { count } from '../common/words.ts';
import type { Limits } from '../config/config.ts';
import type { Connection } from '../researcher/connection.ts';
import { costOf, noUsage, type Price } from '../researcher/prices.ts';

/** The expected cost of a night, estimated before the first paid call. */
export interface Forecast {
  sprintUsd: number;
  /** How many sprints `sprintUsd` is the mean of; 0 where it is estimated from the prices alone. */
  measured: number;
  /** The expected number of sprints; null where it cannot be estimated. */
  sprints: number | null;
  /** Never above the money limit; null where it cannot be estimated. */
  nightUsd: number | null;
}

/**
 * `LOOK_BACK`: how many of the last sprints count. `MOST`: a forecast of more sprints than this would rest
 * on sprints too short to tell anything, and is cut to it.
 */
const LOOK_BACK = 10;
const MOST = 100;

/**
 * Forecasts from earlier sprints of this model at this profile in this checkout; without any, from a typical
 * sprint (`USUAL`). `hours`: the time left until the end.
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

/** The forecast in one line, for the screen. */
export function forecastInWords({ sprintUsd, measured, sprints, nightUsd }: Forecast): string {
  const from =
    measured > 0
      ? `the mean of the last ${count(measured, 'sprint')}`
      : 'estimated from the prices; no sprint was measured yet';
  const night =
    nightUsd === null
      ? ''
      : `; the night ${sprints === null ? 'at most' : 'about'} ${nightUsd.toFixed(2)} USD${sprints === null ? '' : ` (${count(sprints, 'sprint')})`}`;
  return `a sprint about ${sprintUsd.toFixed(2)} USD (${from})${night}`;
}

/**
 * A typical sprint: its turns, and the tokens of its prompt and of each turn's results and reply. Each turn
 * reads everything before it from the cache.
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
