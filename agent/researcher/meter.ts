import type { BetaMessage, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import type { Manner } from './manner.ts';
import { billed, costOf, type RawUsage, type Usage } from './prices.ts';
import {
  inputOf,
  longestReading,
  mayCompact,
  otherTokens,
  type Reserve,
  reserveOf,
  worstUsage,
} from './reserve.ts';

export interface Turn {
  /** Who was asked: after a refusal the fallback. */
  model: string;
  message: { stopReason: string; text: string };
  usage: Usage;
  usd: number;
  seconds: number;
}

/** What a meter has to know of a conversation; `messages` grows while it goes on. */
interface Metered {
  system: string;
  tools: readonly unknown[];
  messages: readonly BetaMessageParam[];
  maxTokens: number;
}

/**
 * Input that stands in no request: what the API itself says about tools. Its documentation names some 300 to 800 tokens where there are any,
 * 245 for bash and 700 for the text editor, and nothing for the web: so this is four times what is known.
 */
const UNSEEN_TOKENS = 8000;

/** Counts what is spent, and bounds what the next call can cost. */
export class Meter {
  /** What the first messages are known to be at most, in tokens of the model in use, and how many messages that covers. */
  #known = 0;
  #covered = 0;

  constructor(readonly c: Metered) {}

  /** Call it before the reply is added to the history. */
  turn(message: BetaMessage, manner: Manner, seconds: number): Turn {
    const raw = message.usage as RawUsage;
    const usage = billed(raw, manner.cacheTtl);
    this.#known = contextOf(message, manner) + beyondBytes(message);
    this.#covered = this.c.messages.length;
    return {
      model: manner.model,
      message: { stopReason: message.stop_reason ?? 'unknown', text: textOf(message) },
      usage,
      usd: costOf(usage, manner.price),
      seconds,
    };
  }

  /** A stream that was cut: what it may be billed for. */
  cutTurn(partial: BetaMessage | undefined, manner: Manner, seconds: number): Turn {
    const usage = this.#cutUsage(partial, manner);
    const message = { stopReason: 'cut', text: '' };
    return { model: manner.model, message, usage, usd: costOf(usage, manner.price), seconds };
  }

  /**
   * A stream that was cut is billed for its input and for all that was said, of which we may have seen only a part: it is taken to have been
   * a full reply, with all the web that it may use. Its first event tells the first reading of the input, its last but one tells all. Where
   * nothing was heard, or the server may have summarised, the whole reserve is gone.
   */
  #cutUsage(partial: BetaMessage | undefined, manner: Manner): Usage {
    const { maxTokens } = this.c;
    const most = this.#inputTokens();
    if (!partial) return worstUsage(most, maxTokens, manner);
    const heard = billed(partial.usage as RawUsage, manner.cacheTtl);
    if (partial.stop_reason) return heard;
    if (mayCompact(longestReading(most, maxTokens, manner), manner))
      return worstUsage(most, maxTokens, manner);
    return manner.web
      ? worstUsage(Math.min(most, inputOf(heard)), maxTokens, manner)
      : { ...heard, outputTokens: maxTokens };
  }

  /** An upper bound of the next call's cost. */
  reserve(manner: Manner): Reserve {
    return reserveOf(this.#inputTokens(), this.c.maxTokens, manner);
  }

  /** From here on another model counts the tokens. */
  switchModel(): void {
    this.#known = otherTokens(this.#known);
  }

  /** Known tokens, and no more than a token for each byte that is new. */
  #inputTokens(): number {
    const fresh = bytes(this.c.messages.slice(this.#covered));
    return this.#covered > 0
      ? this.#known + fresh
      : UNSEEN_TOKENS + bytes([this.c.system, this.c.tools]) + fresh;
  }
}

/**
 * Input tokens of the history that a call was made with: those of its last reading where the server read more than once, and those that it
 * cleared, because it need not clear them again.
 */
function contextOf({ usage, context_management }: BetaMessage, { cacheTtl }: Manner): number {
  const readings = (usage.iterations ?? []).filter(({ type }) => type !== 'compaction');
  const last = (readings.at(-1) ?? usage) as RawUsage;
  const cleared = (context_management?.applied_edits ?? []).map((edit) => edit.cleared_input_tokens);
  return cleared.reduce(
    (sum, tokens) => sum + tokens,
    inputOf(billed({ ...last, iterations: null }, cacheTtl)),
  );
}

/** What a reply may weigh as input beyond its bytes: thinking that was not shown. */
const beyondBytes = ({ usage, content }: BetaMessage) => Math.max(0, usage.output_tokens - bytes(content));

const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

export const textOf = (message: BetaMessage) =>
  message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
