import { UserError } from '#contract/errors';
import type { Connection } from './connection.ts';
import { FREE, knownPrice, priceOf } from './prices.ts';

/**
 * Claude over the Messages API, with the key of ANTHROPIC_API_KEY (and the gateway of ANTHROPIC_BASE_URL, where set).
 * @throws UserError without a key, or under a money limit for a model without a price.
 */
export function connectClaude(model: string, limited: boolean): Connection {
  const apiKey = process.env.ANTHROPIC_API_KEY?.trim();
  if (!apiKey) {
    throw new UserError(
      'ANTHROPIC_API_KEY is not set; set it, or run "npm run loop -- --researcher offline" for the offline replay',
    );
  }
  return {
    kind: 'claude',
    label: `Claude (${model})`,
    model,
    price: limited ? priceOf(model) : (knownPrice(model) ?? FREE),
    baseURL: process.env.ANTHROPIC_BASE_URL?.trim() || 'https://api.anthropic.com',
    apiKey,
    close: async () => {},
  };
}
