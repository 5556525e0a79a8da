import { UserError } from '#contract/errors';
import table from './prices.json' with { type: 'json' };

/** What one model costs, in US dollars per million tokens. */
export interface Price {
  input: number;
  output: number;
  /** A cache read, as a share of the input price. */
  cacheRead: number;
  /**
   * Every token of a request whose prompt (cache reads and writes included) is longer than `above` costs
   * `factor` times as much.
   */
  long?: { above: number; factor: number };
}

export const FREE: Price = { input: 0, output: 0, cacheRead: 0 };

/** When the prices were looked up. */
export const pricesDate: string = table.date;

const models: Record<string, Price> = table.models;

/**
 * The price of a model, or null where the table does not know it. Dated names ("claude-opus-5-5-20260101")
 * cost what the model costs. `regional`: at a regional endpoint of a cloud, which costs more.
 */
export function knownPrice(model: string, regional = false): Price | null {
  const price = models[model.replace(/-\d{8}$/, '')];
  if (!price) return null;
  if (!regional) return price;
  return { ...price, input: price.input * table.regional, output: price.output * table.regional };
}

/**
 * The price of a model.
 * @throws UserError for a model that is not in the table, because no money limit could hold.
 */
export function priceOf(model: string, regional = false): Price {
  const price = knownPrice(model, regional);
  if (price) return price;
  const known = Object.keys(models).join(', ');
  throw new UserError(
    `model "${model}" has no price in agent/researcher/prices.json (${table.date}), so the money limit cannot be kept; add its price there, or choose one of: ${known}`,
  );
}

/**
 * The default fallback where `model` refuses and TASK.md names none: the most expensive known model with a
 * lower output price. Null for the cheapest model, and for one without a price.
 */
export function nextCheaper(model: string): string | null {
  const own = knownPrice(model);
  const cheaper = Object.entries(models).filter(([, price]) => own && price.output < own.output);
  return cheaper.sort(([, a], [, b]) => b.output - a.output)[0]?.[0] ?? null;
}

/** Tokens of a call, as the API bills them: compaction and other inner calls of the server included. */
export interface Usage {
  inputTokens: number;
  cacheReadTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
  outputTokens: number;
  webSearches: number;
}

export const noUsage: Usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  webSearches: 0,
};

export function add(a: Usage, b: Usage): Usage {
  const sum = { ...a };
  for (const key of Object.keys(sum) as (keyof Usage)[]) sum[key] += b[key];
  return sum;
}

/** Input tokens of a usage, cached or not. */
export const inputOf = (u: Usage) =>
  u.inputTokens + u.cacheReadTokens + u.cacheWrite5mTokens + u.cacheWrite1hTokens;

/** Input and output tokens of a usage. */
export const tokensOf = (u: Usage) => inputOf(u) + u.outputTokens;

/** US dollars for a usage whose prompt was `promptTokens` long (unset: all of its input, in one reading). */
export function costOf(usage: Usage, price: Price, promptTokens = inputOf(usage)): number {
  const input =
    usage.inputTokens +
    usage.cacheReadTokens * price.cacheRead +
    usage.cacheWrite5mTokens * table.cacheWrite5m +
    usage.cacheWrite1hTokens * table.cacheWrite1h;
  const factor = price.long && promptTokens > price.long.above ? price.long.factor : 1;
  const perToken = (factor * (input * price.input + usage.outputTokens * price.output)) / 1e6;
  return price.input === 0 && price.output === 0 ? 0 : perToken + usage.webSearches * table.webSearch;
}

/** How long the API keeps a prompt in its cache. */
export type CacheTtl = '5m' | '1h';
