import type { Price } from './prices.ts';

/** Where a researcher is reached. Claude and the offline replay differ in these fields and in nothing else. */
export interface Connection {
  kind: 'claude' | 'offline';
  /** Shown wherever a result is: "Claude (claude-opus-5-5)", "offline replay, no model". */
  label: string;
  model: string;
  price: Price;
  /** Who is asked once more where the model refuses. */
  fallback: { model: string; price: Price } | null;
  /** Server-side web search and fetch; off from where the account or the model turned out to have none. */
  web: boolean;
  /** Whether the server shortens a conversation that has grown too long; off in the same way. */
  manages: boolean;
  baseURL: string;
  apiKey: string;
  close(): Promise<void>;
}
