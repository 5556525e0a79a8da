import type { Via } from './connect/client.ts';
import { reach } from './connect/connect.ts';
import { plainModel } from './connect/models.ts';
import type { Connection } from './connection.ts';
import { FREE, knownPrice, nextCheaper, priceOf } from './prices.ts';

export interface ClaudeOptions {
  model: string;
  /** The model to use after a refusal. Null: none; undefined: the next cheaper model of the price table. */
  fallback?: string | null;
  web: boolean;
  /** Whether there is a money limit, which needs prices. */
  limited: boolean;
  /** Null: the cloud that the environment selects, and otherwise the Messages API itself. */
  via: Via | null;
}

/**
 * Claude over the Messages API, or over a cloud that offers it.
 * @throws UserError without credentials, or under a money limit for a model without a price.
 */
export async function connectClaude({
  model,
  fallback,
  web,
  limited,
  via,
}: ClaudeOptions): Promise<Connection> {
  const reached = await reach({ via });
  const priced = (name: string) => {
    const id = reached.modelId(name);
    const regional = reached.regional(name);
    const price = limited
      ? priceOf(plainModel(id), regional)
      : (knownPrice(plainModel(id), regional) ?? FREE);
    return { model: id, price };
  };
  // One model may be spelt in two ways.
  const same = (a: string, b: string) => plainModel(reached.modelId(a)) === plainModel(reached.modelId(b));
  const second = fallback === undefined ? nextCheaper(plainModel(reached.modelId(model))) : fallback;
  const first = priced(model);
  return {
    kind: 'claude',
    label: `Claude (${first.model}${reached.via === 'api' ? '' : `, ${reached.where}`})`,
    ...first,
    fallback: second === null || same(second, first.model) ? null : priced(second),
    web,
    lacks: new Set(reached.lacks),
    reached,
    close: async () => {},
  };
}
