import type { Reached } from './connect/connect.ts';
import type { Feature } from './connect/features.ts';
import type { Price } from './prices.ts';

/**
 * Where a researcher is reached. Claude and the offline replay differ in these fields and in nothing else.
 */
export interface Connection {
  kind: 'claude' | 'offline';
  /** Shown wherever a result is: "Claude (claude-opus-5-5)", "offline replay, no model". */
  label: string;
  model: string;
  price: Price;
  /** Who is asked once more where the model refuses. */
  fallback: { model: string; price: Price } | null;
  /** Whether server-side web search and fetch are wanted. */
  web: boolean;
  /**
   * What the API, an account or a gateway turned out not to know: it is not asked for again. Grows through
   * the night.
   */
  lacks: Set<Feature>;
  /** By which way. */
  reached: Reached;
  close(): Promise<void>;
}
