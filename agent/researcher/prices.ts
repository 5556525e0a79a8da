import { UserError } from '#contract/errors';
import table from './prices.json' with { type: 'json' };

/** US dollars per million tokens of one model. */
export interface Price {
  input: number;
  output: number;
}

export const FREE: Price = { input: 0, output: 0 };

/** When the prices were looked up. */
export const pricesDate: string = table.date;

/** The price of a model, or null where the table does not know it. Dated names ("claude-opus-5-5-20260101") cost what the model costs. */
export function knownPrice(model: string): Price | null {
  const models: Record<string, Price> = table.models;
  return models[model.replace(/-\d{8}$/, '')] ?? null;
}

/** @throws UserError for a model that the table does not know: no money limit could hold. */
export function priceOf(model: string): Price {
  const price = knownPrice(model);
  if (price) return price;
  const known = Object.keys(table.models).join(', ');
  throw new UserError(
    `model "${model}" has no price in agent/researcher/prices.json (${table.date}), so no money limit can hold; add it there, or choose one of: ${known}`,
  );
}

/**
 * The model that is asked once more where `model` refuses, if TASK.md names none: the dearest known one that costs less. Null for the
 * cheapest, and for one without a price.
 */
export function nextCheaper(model: string): string | null {
  const own = knownPrice(model);
  const cheaper = Object.entries<Price>(table.models).filter(([, price]) => own && price.output < own.output);
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

/** The fields of a response's usage that are billed; as the SDK types them, all optional here because a cut stream has few. */
export interface RawUsage {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  cache_creation?: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number } | null;
  server_tool_use?: { web_search_requests?: number } | null;
  iterations?: readonly (RawUsage & { type?: string })[] | null;
}

/** How long a call asked the API to keep what it reads. */
export type CacheTtl = '5m' | '1h';

/** What a response is billed for. The totals leave out compaction, which stands in `iterations` alone. */
export function billed(raw: RawUsage, cacheTtl: CacheTtl): Usage {
  const inner = (raw.iterations ?? []).filter((iteration) => iteration.type === 'compaction');
  return [raw, ...inner].map((usage) => tokens(usage, cacheTtl)).reduce(add, noUsage);
}

/**
 * A streamed usage splits by tier only what the first reading wrote to the cache, and has the total of all readings at its end: what is
 * beyond the split was written for as long as was asked for.
 */
function tokens(raw: RawUsage, cacheTtl: CacheTtl): Usage {
  const minutes = raw.cache_creation?.ephemeral_5m_input_tokens ?? 0;
  const hour = raw.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const beyond = Math.max(0, (raw.cache_creation_input_tokens ?? 0) - minutes - hour);
  return {
    inputTokens: raw.input_tokens ?? 0,
    cacheReadTokens: raw.cache_read_input_tokens ?? 0,
    cacheWrite5mTokens: minutes + (cacheTtl === '5m' ? beyond : 0),
    cacheWrite1hTokens: hour + (cacheTtl === '1h' ? beyond : 0),
    outputTokens: raw.output_tokens ?? 0,
    webSearches: raw.server_tool_use?.web_search_requests ?? 0,
  };
}

export function add(a: Usage, b: Usage): Usage {
  const sum = { ...a };
  for (const key of Object.keys(sum) as (keyof Usage)[]) sum[key] += b[key];
  return sum;
}

/** US dollars for a usage. */
export function costOf(usage: Usage, price: Price): number {
  const input =
    usage.inputTokens +
    usage.cacheReadTokens * table.cacheRead +
    usage.cacheWrite5mTokens * table.cacheWrite5m +
    usage.cacheWrite1hTokens * table.cacheWrite1h;
  const perToken = (input * price.input + usage.outputTokens * price.output) / 1e6;
  return price === FREE ? 0 : perToken + usage.webSearches * table.webSearch;
}
