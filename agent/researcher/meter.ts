import type { BetaMessage, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import type { Connection } from './connection.ts';
import { billed, costOf, type RawUsage, reserveOf, type Usage } from './prices.ts';

export interface Turn {
  message: { stopReason: string; text: string };
  usage: Usage;
  usd: number;
  seconds: number;
}

/** What the next call can use at most. */
export interface Reserve {
  usd: number;
  tokens: number;
}

/** What a meter has to know of a conversation; `messages` grows while it goes on. */
interface Metered {
  connection: Connection;
  system: string;
  tools: readonly unknown[];
  messages: readonly BetaMessageParam[];
  maxTokens: number;
}

/** Counts what is spent, and bounds what the next call can cost. */
export class Meter {
  lastMessage: BetaMessage | null = null;
  /** Input tokens of the last call, and how many messages they cover. */
  #known = 0;
  #covered = 0;

  constructor(readonly c: Metered) {}

  turn(message: BetaMessage, seconds: number): Turn {
    this.lastMessage = message;
    const usage = billed(message.usage as RawUsage);
    this.#known = inputOf(message.usage as RawUsage);
    this.#covered = this.c.messages.length;
    return {
      message: { stopReason: message.stop_reason ?? 'unknown', text: textOf(message) },
      usage,
      usd: costOf(usage, this.c.connection.price),
      seconds,
    };
  }

  /**
   * A stream that was cut is billed for its input and for all that was said, of which we may have seen only a part: its cost is taken to be
   * that of a full reply, so that the limit holds.
   */
  cutTurn(partial: BetaMessage, seconds: number): Turn {
    const usage = billed(partial.usage as RawUsage);
    const usd = costOf({ ...usage, outputTokens: this.c.maxTokens }, this.c.connection.price);
    return { message: { stopReason: 'cut', text: '' }, usage, usd, seconds };
  }

  /** An upper bound of the next call's cost: known tokens, and no more than a token for each byte that is new. */
  reserve(): Reserve {
    const fresh = this.c.messages.slice(this.#covered);
    const overhead = this.#covered === 0 ? JSON.stringify([this.c.system, this.c.tools]) : '';
    const bytes = Buffer.byteLength(JSON.stringify(fresh)) + Buffer.byteLength(overhead);
    const inputTokens = this.#known + bytes;
    const { maxTokens, connection } = this.c;
    return { usd: reserveOf({ inputTokens, maxTokens }, connection.price), tokens: inputTokens + maxTokens };
  }
}

/** Input tokens of a call, from whatever tier; without those of inner calls of the server. */
function inputOf(raw: RawUsage): number {
  const u = billed({ ...raw, iterations: null });
  return u.inputTokens + u.cacheReadTokens + u.cacheWrite5mTokens + u.cacheWrite1hTokens;
}

export const textOf = (message: BetaMessage) =>
  message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
