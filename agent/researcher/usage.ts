import { add, type CacheTtl, costOf, inputOf, noUsage, type Price, type Usage } from './prices.ts';

/**
 * The billed fields of a response's usage, typed as in the SDK. All are optional here, because a cut stream
 * has few of them.
 */
export interface RawUsage {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  cache_creation?: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number } | null;
  server_tool_use?: { web_search_requests?: number } | null;
  iterations?: readonly (RawUsage & { type?: string })[] | null;
}

/** What a response is billed for, and what that costs. */
export interface Bill {
  usage: Usage;
  usd: number;
}

/**
 * Computes the bill of a response. The totals leave out compaction, which stands in `iterations` alone. Where
 * the length of the prompt decides the price, each reading of the input is a request of its own; a response
 * that does not report its readings counts as one.
 */
export function billOf(raw: RawUsage, ttl: CacheTtl, price: Price): Bill {
  const iterations = raw.iterations ?? [];
  const inner = iterations.filter(({ type }) => type === 'compaction').map((one) => tokens(one, ttl));
  const total = tokens(raw, ttl);
  const usage = [total, ...inner].reduce(add, noUsage);
  const readings = iterations.filter(({ type }) => type !== 'compaction').map((one) => tokens(one, ttl));
  const told = readings.length > 0 ? readings : [total];
  const surcharge = [...told, ...inner].reduce(
    (sum, reading) => sum + costOf(reading, price) - costOf(reading, price, 0),
    0,
  );
  return { usage, usd: costOf(usage, price, 0) + surcharge };
}

/** Input tokens of the last reading that a response reports. */
export function lastReading(raw: RawUsage, ttl: CacheTtl): number {
  const readings = (raw.iterations ?? []).filter(({ type }) => type !== 'compaction');
  return inputOf(tokens(readings.at(-1) ?? raw, ttl));
}

/**
 * The tokens of one usage, by tier. A streamed usage splits by tier only what the first reading wrote to the
 * cache, but its final total covers all readings. Writes beyond the split have the requested TTL.
 */
function tokens(raw: RawUsage, ttl: CacheTtl): Usage {
  const minutes = raw.cache_creation?.ephemeral_5m_input_tokens ?? 0;
  const hour = raw.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const beyond = Math.max(0, (raw.cache_creation_input_tokens ?? 0) - minutes - hour);
  return {
    inputTokens: raw.input_tokens ?? 0,
    cacheReadTokens: raw.cache_read_input_tokens ?? 0,
    cacheWrite5mTokens: minutes + (ttl === '5m' ? beyond : 0),
    cacheWrite1hTokens: hour + (ttl === '1h' ? beyond : 0),
    outputTokens: raw.output_tokens ?? 0,
    webSearches: raw.server_tool_use?.web_search_requests ?? 0,
  };
}
