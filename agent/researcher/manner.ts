import type { Connection } from './connection.ts';
import type { CacheTtl, Price } from './prices.ts';

/** How a call is made. It begins with all that the connection offers, and loses what is refused or can no longer be paid for. */
export interface Manner {
  model: string;
  price: Price;
  /** Who is asked once more where the model refuses; null: nobody, or it is already asked. */
  fallback: { model: string; price: Price } | null;
  /** Server-side search and fetch. */
  web: boolean;
  /** How long the API keeps what it has read. */
  cacheTtl: CacheTtl;
  /** Old tool results are cleared by the server. */
  clears: boolean;
  /** What clearing could not make short enough is summarised by the server. */
  compacts: boolean;
  /** The context was full: everything is cleared that can be, so that there is room for closing words. */
  closing: boolean;
}

export const firstManner = (
  { model, price, fallback, web, manages }: Connection,
  cacheTtl: Manner['cacheTtl'],
): Manner => ({
  model,
  price,
  fallback,
  web,
  cacheTtl,
  clears: manages,
  compacts: manages,
  closing: false,
});

/**
 * The same conversation with the model that is asked when the first one refuses, from here on: it would refuse again. Without the web, so
 * that its call fits into what was reserved for it.
 */
export function onFallback(manner: Manner): Manner | null {
  return manner.fallback && { ...manner, ...manner.fallback, fallback: null, web: false };
}

/**
 * What is left when the API answers that it does not know, or that the account may not use, something beyond a plain call; null where
 * it complains about something else. It has no code for this: what it names is read from its message.
 */
export function withoutRefused(manner: Manner, complaint: string): Manner | null {
  if (manner.web && /web[_ -]?(search|fetch)/i.test(complaint)) return { ...manner, web: false };
  if (manner.compacts && /compact/i.test(complaint)) return { ...manner, compacts: false };
  if (manner.clears && /context[_-]management|clear_tool_uses/i.test(complaint))
    return { ...manner, clears: false, compacts: false };
  return null;
}
