import { type CacheTtl, costOf, noUsage, type Price, tokensOf, type Usage } from './prices.ts';
import { COMPACT_AT } from './request.ts';
import { FOUND_TOKENS, PDF_TOKENS, SEARCH_TOKENS, SEARCHES_A_CALL } from './web.ts';

/** US dollars and tokens that a call can use at most, or is likely to use. */
export interface Reserve {
  usd: number;
  tokens: number;
}

/** What decides how much a call can use. */
export interface Possible {
  inputTokens: number;
  maxTokens: number;
  /** What each use of a server tool that can still happen in this call may bring, in tokens. */
  found: readonly number[];
  searches: number;
  compacts: boolean;
  cacheTtl: CacheTtl;
}

/** Uses of the server's tools: what each may bring, in tokens, and how many of them are searches. */
export type Uses = Pick<Possible, 'found' | 'searches'>;

/** The uses of the web that a whole call may make. */
export const wholeWeb: Uses = { found: FOUND_TOKENS, searches: SEARCHES_A_CALL };

/** What these uses may bring, by the names of their tools. */
export function usesOf(names: readonly string[]): Uses {
  const found = names.map((name) => (name === 'web_search' ? SEARCH_TOKENS : PDF_TOKENS));
  return { found, searches: names.filter((name) => name === 'web_search').length };
}

export const together = (a: Uses, b: Uses): Uses => ({
  found: [...a.found, ...b.found].sort((x, y) => y - x),
  searches: a.searches + b.searches,
});

/**
 * The largest usage that one call can be billed for. Each token is written to the cache at most once, with
 * the TTL of the call. After each use of a server-side tool the server reads its input again, without a
 * second cache write, so at most the plain input price is charged. Where the server may summarise, there is
 * one more reading and one more reply.
 */
function worstUsage(possible: Possible): Usage {
  const { inputTokens, maxTokens, found, searches, compacts, cacheTtl } = possible;
  let brought = 0;
  let readAgain = 0;
  for (const tokens of found) {
    brought += tokens;
    readAgain += inputTokens + brought + maxTokens;
  }
  const once = inputTokens + brought + (found.length > 0 ? maxTokens : 0);
  const summaries = compacts && once >= COMPACT_AT ? 1 : 0;
  const tier = cacheTtl === '1h' ? 'cacheWrite1hTokens' : 'cacheWrite5mTokens';
  return {
    ...noUsage,
    [tier]: once * (1 + summaries),
    inputTokens: readAgain,
    outputTokens: maxTokens * (1 + summaries),
    webSearches: searches,
  };
}

/** The cost and tokens of the largest usage. The longest prompt is the one after the last use. */
export function worstOf(possible: Possible, price: Price): Reserve {
  const usage = worstUsage(possible);
  const { inputTokens, maxTokens, found } = possible;
  const longest = found.reduce(
    (sum, tokens) => sum + tokens,
    inputTokens + (found.length > 0 ? maxTokens : 0),
  );
  return { usd: costOf(usage, price, longest), tokens: tokensOf(usage) };
}

/** The worst case minus what is already booked, not below zero. */
export const beyond = (worst: Reserve, booked: Reserve): Reserve => ({
  usd: Math.max(0, worst.usd - booked.usd),
  tokens: Math.max(0, worst.tokens - booked.tokens),
});

/** An upper bound of the tokens of the same text under another model, whose tokenizer may give more. */
export const otherTokens = (tokens: number) => Math.ceil(1.5 * tokens);
