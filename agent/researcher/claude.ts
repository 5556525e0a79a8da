import { UserError } from '#contract/errors';
import type { Connection } from './connection.ts';
import { FREE, knownPrice, nextCheaper, priceOf } from './prices.ts';

export interface ClaudeOptions {
  model: string;
  /** Null: nobody; undefined: the next cheaper model of the price table. */
  fallback?: string | null;
  web: boolean;
  /** Whether there is a money limit, which needs prices. */
  limited: boolean;
}

/**
 * Claude over the Messages API, with the key of ANTHROPIC_API_KEY (and the gateway of ANTHROPIC_BASE_URL, where set).
 * @throws UserError without a key, or under a money limit for a model without a price.
 */
export function connectClaude({ model, fallback, web, limited }: ClaudeOptions): Connection {
  const apiKey = process.env.ANTHROPIC_API_KEY?.trim();
  if (!apiKey) {
    throw new UserError(
      'ANTHROPIC_API_KEY is not set; set it, or run "npm run loop -- --researcher offline" for the offline replay',
    );
  }
  const priced = (name: string) => ({
    model: name,
    price: limited ? priceOf(name) : (knownPrice(name) ?? FREE),
  });
  const second = fallback === undefined ? nextCheaper(model) : fallback;
  return {
    kind: 'claude',
    label: `Claude (${model})`,
    ...priced(model),
    fallback: second === null || second === model ? null : priced(second),
    web,
    manages: true,
    baseURL: process.env.ANTHROPIC_BASE_URL?.trim() || 'https://api.anthropic.com',
    apiKey,
    close: async () => {},
  };
}
