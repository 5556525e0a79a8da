import type { Reached } from './connect/connect.ts';
import type { Feature } from './connect/features.ts';
import type { Price } from './prices.ts';

/** The label of the offline replay. */
export const OFFLINE = 'offline replay, no model';

/** How a researcher is reached. Claude and the offline replay differ in these fields only. */
export interface Connection {
  kind: 'claude' | 'offline';
  /** Shown with every result: "Claude (claude-opus-5-5)", "offline replay, no model". */
  label: string;
  model: string;
  price: Price;
  /** The model to use after a refusal; null where there is none. */
  fallback: { model: string; price: Price } | null;
  /** Whether server-side web search and fetch are wanted. */
  web: boolean;
  /**
   * Features that the API, an account or a gateway turned out not to support. They are not used again. Grows
   * while the loop runs.
   */
  lacks: Set<Feature>;
  /** The provider that the calls go to. */
  reached: Reached;
  close(): Promise<void>;
}
