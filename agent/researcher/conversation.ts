import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import type { NoticeCode } from '#contract/event';
import type { StopCode } from '#contract/stop';
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
   * Of one sprint: its own limits, the latest start of the last full run that fits, the size of one request
   * or conversation.
   */
  | 'sprint'
  | 'last-slot'
  | 'turns'
  | 'request-size'
  | 'context'
  /** Only this conversation lacks money, because its web is expensive and cannot be withdrawn. */
  | 'web-money'
>;

/** What a call can cost. */
export interface CallCost {
  /** The most that it can cost. */
  reserve: Reserve;
  /** What is booked for it if the loop crashes during the call. */
  likely: Reserve;
  /** The most that it can cost as long as it uses no server-side tool. */
  plain: Reserve;
}

/** How a conversation ended. */
export type Ending =
  /** `finish_sprint` was called. */
  | { kind: 'finished' }
  /** The model ended its turn and asked for nothing more. */
  | { kind: 'silent'; text: string }
  | ({ kind: 'limit' } & Limit)
  /** Someone asked the loop to stop. */
  | { kind: 'stopped'; reason: string }
  /** No further call is possible: the key is not valid or the credit is used up. */
  | { kind: 'fatal'; code: Extract<StopCode, 'credentials' | 'credit'>; reason: string }
  /** This conversation failed; another one may succeed. */
  | { kind: 'failed'; reason: string };

/**
 * The API refused a part of the opening before its first reply: the conversation has to be opened again
 * without that part.
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
   * The model in use, where it is not the connection's: a fallback took over before the conversation was
   * interrupted.
   */
  model?: string | null;
  onMessage(message: BetaMessageParam): void;
  /** The last message was refused by the API, and is no part of the history. */
  onRetract(): void;
  /** Another model is used from here on. */
  onModel(model: string): void;
  tools: BetaRunnableTool[];
  maxTokens: number;
  effort: string;
  maxTurns: number;
  stallMs: number;
  /**
   * How long the API keeps the prompt in its cache: an hour costs more to write, and pays off where waits for
   * runs are long.
   */
  cacheTtl: CacheTtl;
  /** Awaited before every call: resolves at once, or when a pause is over. */
  ready(): Promise<void>;
  /**
   * Called before every call. Returns the limit that forbids it, which ends the conversation. Null where the
   * call may be made; its reserve is then booked until `onTurn` or `onFree` is called.
   */
  mayCall(cost: CallCost): Limit | null;
  /** What is left of money and tokens, without what is held or reserved; infinite where there is no limit. */
  room(): Reserve;
  /** Whether `finish_sprint` was called. */
  isFinished(): boolean;
  /** A request to stop that lets the turn end; null while there is none. */
  stopRequested(): string | null;
  /**
   * Texts that could not be said yet, because the API accepts none at that point. The caller keeps the array.
   */
  unsaid: string[];
  /** Hints from outside, fetched where they can be said: after the next tool results. */
  hints(): string[];
  /** A server-side tool is used in the call that is under way. */
  onSearch(): void;
  onTurn(turn: Turn): void;
  /** The call failed and cost nothing. */
  onFree(reason: string): void;
  /** A message for the people who watch the loop; `warn` where somebody has to act. */
  onNotice(text: string, level: 'info' | 'warn', code?: NoticeCode): void;
  /** Waits and shows the reason; ends early when a stop is asked for. */
  wait(seconds: number, reason: string): Promise<void>;
  /** Ends everything at once. */
  signal: AbortSignal;
}
