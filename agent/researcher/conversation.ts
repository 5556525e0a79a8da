import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import type { Refusal } from '../common/refusal.ts';
import type { Connection } from './connection.ts';
import type { Turn } from './meter.ts';
import type { Opening } from './opening.ts';
import type { CacheTtl } from './prices.ts';
import type { Reserve } from './reserve.ts';

/** A limit that forbids a call. */
export type Limit = Refusal<
  /** Of the whole loop. */
  | 'time'
  | 'money'
  | 'tokens'
  /**
   * Of one sprint: its own limits, the last full run that has to begin, what one request or conversation can
   * hold.
   */
  | 'sprint'
  | 'last-slot'
  | 'turns'
  | 'request-size'
  | 'context'
  /** Money that this conversation lacks alone, because its web is dear and cannot be taken away. */
  | 'web-money'
>;

/** What a call can cost. */
export interface CallCost {
  /** At most. */
  reserve: Reserve;
  /** What it is booked at if the loop dies in it. */
  likely: Reserve;
  /** At most, as long as no server-side tool is used in it. */
  plain: Reserve;
}

/** How a conversation came to its end. */
export type Ending =
  /** `finish_sprint` was called. */
  | { kind: 'finished' }
  /** The model ended its turn and asked for nothing more. */
  | { kind: 'silent'; text: string }
  | ({ kind: 'limit' } & Limit)
  /** Someone asked the loop to stop. */
  | { kind: 'stopped'; reason: string }
  /** Nothing can be asked any more: the key or the credit is at an end. */
  | { kind: 'fatal'; reason: string }
  /** This conversation failed; another may not. */
  | { kind: 'failed'; reason: string };

/**
 * The API refused a part of the opening before it answered anything: the conversation has to be opened anew,
 * without that.
 */
export interface Reopen {
  kind: 'reopen';
  reason: string;
}

export interface Conversation {
  connection: Connection;
  opening: Opening;
  /**
   * The history so far: the prompt, or all of an interrupted conversation. Every message that is added is
   * also given to `onMessage`.
   */
  messages: BetaMessageParam[];
  /**
   * The model that has the word, where it is not the connection's: a fallback took over before the
   * conversation was interrupted.
   */
  model?: string | null;
  onMessage(message: BetaMessageParam): void;
  /** The last message was refused by the API, and is no part of the history. */
  onRetract(): void;
  /** Another model has the word from here on. */
  onModel(model: string): void;
  tools: BetaRunnableTool[];
  maxTokens: number;
  effort: string;
  maxTurns: number;
  stallMs: number;
  /**
   * How long the API keeps what it has read: an hour costs more to write, and pays where waits for runs are
   * long.
   */
  cacheTtl: CacheTtl;
  /** Awaited before every call: it comes back at once, or when a pause is over. */
  ready(): Promise<void>;
  /**
   * Asked before every call: the limit that forbids it, which ends the conversation. Null where it may be
   * made; then its reserve is booked, and `onTurn` or `onFree` ends it.
   */
  mayCall(cost: CallCost): Limit | null;
  /** What is left of money and tokens, without what is held or reserved; infinite where there is no limit. */
  room(): Reserve;
  /** Whether `finish_sprint` was called. */
  isFinished(): boolean;
  /** A request to stop that lets the turn end; null while there is none. */
  stopRequested(): string | null;
  /**
   * What could not be said yet, because the API takes no words there. Kept by whoever holds the conversation.
   */
  unsaid: string[];
  /** Words from outside, asked for where they can be said: after the next tool results. */
  hints(): string[];
  /** A server-side tool is used in the call that is under way. */
  onSearch(): void;
  onTurn(turn: Turn): void;
  /** The call failed and cost nothing. */
  onFree(reason: string): void;
  /** Something that those who look on should know; `warn` where it needs somebody's hand. */
  onNotice(text: string, level: 'info' | 'warn'): void;
  /** Waits, visibly; ends early when a stop is asked for. */
  wait(seconds: number, reason: string): Promise<void>;
  /** Ends everything at once. */
  signal: AbortSignal;
}
