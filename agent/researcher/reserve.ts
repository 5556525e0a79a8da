import type { Manner } from './manner.ts';
import { costOf, noUsage, type Usage } from './prices.ts';
import { COMPACT_AT } from './request.ts';
import { USES_A_CALL, WEB_PASSES, WEB_TOKENS } from './web.ts';

/** What the next call can use at most. */
export interface Reserve {
  usd: number;
  tokens: number;
}

/**
 * The most that one call of at most `inputTokens` can be billed for. With the web the server reads the input up to ten times, each time
 * with all that was found and said so far; where it may summarise, one reading and one reply more. All at the dearest tier that the call can
 * be billed at: a cache write, for as long as it asks for.
 */
export function worstUsage(
  inputTokens: number,
  maxTokens: number,
  manner: Pick<Manner, 'web' | 'compacts' | 'cacheTtl'>,
): Usage {
  const pass = longestReading(inputTokens, maxTokens, manner);
  const summaries = mayCompact(pass, manner) ? 1 : 0;
  const passes = (manner.web ? WEB_PASSES : 1) + summaries;
  const tier = manner.cacheTtl === '1h' ? 'cacheWrite1hTokens' : 'cacheWrite5mTokens';
  return {
    ...noUsage,
    [tier]: passes * pass,
    outputTokens: maxTokens * (1 + summaries),
    webSearches: manner.web ? USES_A_CALL : 0,
  };
}

/** Input tokens that the server reads at most at a time within one call. */
export const longestReading = (inputTokens: number, maxTokens: number, { web }: Pick<Manner, 'web'>) =>
  web ? inputTokens + WEB_TOKENS + maxTokens : inputTokens;

/** Whether the server could summarise within a call that reads so much. */
export const mayCompact = (pass: number, { compacts }: Pick<Manner, 'compacts'>) =>
  compacts && pass >= COMPACT_AT;

/** The reserve of a call: its own worst case, and that of asking the fallback model once more. */
export function reserveOf(inputTokens: number, maxTokens: number, manner: Manner): Reserve {
  const own = worstUsage(inputTokens, maxTokens, manner);
  const reserve = { usd: costOf(own, manner.price), tokens: tokensOf(own) };
  const { fallback } = manner;
  if (!fallback) return reserve;
  const again = worstUsage(otherTokens(inputTokens), maxTokens, { ...manner, web: false });
  return {
    usd: reserve.usd + costOf(again, fallback.price),
    tokens: reserve.tokens + tokensOf(again),
  };
}

/** Input and output tokens of a usage, from whatever tier. */
export const tokensOf = (u: Usage) => inputOf(u) + u.outputTokens;

export const inputOf = (u: Usage) =>
  u.inputTokens + u.cacheReadTokens + u.cacheWrite5mTokens + u.cacheWrite1hTokens;

/** Another model may cut the same text into more tokens: so many are reckoned with. */
export const otherTokens = (tokens: number) => Math.ceil(1.5 * tokens);
