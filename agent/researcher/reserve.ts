import { type CacheTtl, costOf, noUsage, type Price, tokensOf, type Usage } from './prices.ts';
import { COMPACT_AT } from './request.ts';
import { FOUND_TOKENS, PDF_TOKENS, SEARCH_TOKENS, SEARCHES_A_CALL } from './web.ts';

/** Money and tokens that a call can use at most, or is likely to. */
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
 * The most that one call can be billed for. Each token is written to the cache at most once, for as long as
 * the call asks. The server reads its input once more after each use of a tool of its own, and then nothing
 * is written twice: at most the plain price is asked again. Where it may summarise, there is one reading and
 * one reply more.
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

/** What that costs. The longest prompt is the one after the last use. */
export function worstOf(possible: Possible, price: Price): Reserve {
  const usage = worstUsage(possible);
  const { inputTokens, maxTokens, found } = possible;
  const longest = found.reduce(
    (sum, tokens) => sum + tokens,
    inputTokens + (found.length > 0 ? maxTokens : 0),
  );
  return { usd: costOf(usage, price, longest), tokens: tokensOf(usage) };
}

/** What is left of a worst case when something is booked already; nothing below zero. */
export const beyond = (worst: Reserve, booked: Reserve): Reserve => ({
  usd: Math.max(0, worst.usd - booked.usd),
  tokens: Math.max(0, worst.tokens - booked.tokens),
});

/** Another model may cut the same text into more tokens: so many are reckoned with. */
export const otherTokens = (tokens: number) => Math.ceil(1.5 * tokens);
