import type { BetaMessage, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import type { CallSettings } from './call-settings.ts';
import type { Opening } from './opening.ts';
import { costOf, inputOf, noUsage, tokensOf, type Usage } from './prices.ts';
import { COMPACT_AT } from './request.ts';
import { beyond, otherTokens, type Reserve, type Uses, usesOf, worstOf } from './reserve.ts';
import { billOf, lastReading, type RawUsage } from './usage.ts';
import { likelyTokens, mostTokens } from './weigh.ts';

export interface Turn {
  /** The model that was called; after a refusal, the fallback. */
  model: string;
  message: { stopReason: string; text: string };
  usage: Usage;
  usd: number;
  /** What a cut call may have cost beyond `usd`. It counts against the limits, but not as cost. */
  held: Reserve;
  seconds: number;
}

/** A call that gave no whole reply. */
export interface CutCall {
  partial: BetaMessage | undefined;
  /** Whether the request was handed to the network. A call that fails before that costs nothing. */
  sent: boolean;
  /** The server itself ended the stream with an error, so nothing more was generated. */
  ended: boolean;
  seconds: number;
  /** Seconds from the last event (pings do not count) until the connection was closed. */
  silentSeconds: number;
}

/** What a meter has to know of a conversation; `messages` grows while it goes on. */
interface Metered {
  opening: Opening;
  messages: readonly BetaMessageParam[];
}

/**
 * Input tokens that stand in no request: what the API itself says about tools. Its documentation names some
 * 300 to 800 tokens where there are any tools, 245 for bash, 700 for the text editor, and nothing for the
 * web. The value is four times what is known.
 */
const UNSEEN_TOKENS = 8000;

/**
 * Output tokens per second that no model exceeds. A cut call is booked at this rate for each silent second.
 */
const TOKENS_A_SECOND = 200;

/** Counts what is spent, and bounds what the next call can cost. */
export class Meter {
  /**
   * Upper bound of the tokens of the first messages, as the model in use counts them, and how many messages
   * that covers.
   */
  #known = 0;
  #covered = 0;
  /** Input tokens that the last call read and stored in the cache. */
  #stored = 0;

  constructor(readonly c: Metered) {}

  /**
   * Books a whole reply. Call it before the reply is added to the history. `kept`: the blocks of it that will
   * be added, if any.
   */
  turn(message: BetaMessage, kept: readonly unknown[], settings: CallSettings, seconds: number): Turn {
    const raw = message.usage as RawUsage;
    const { usage, usd } = billOf(raw, settings.cacheTtl, settings.price);
    const context = lastReading(raw, settings.cacheTtl);
    this.#stored = context;
    // The results in a paused turn are read by the next call.
    const weight = kept.length > 0 ? mostTokens(kept, message.stop_reason !== 'pause_turn') : 0;
    // Thinking has more tokens than the part of it that is shown.
    const spoken = kept.length > 0 ? Math.max(weight, message.usage.output_tokens) : 0;
    this.#known = context + cleared(message) + spoken;
    this.#covered = this.c.messages.length + (kept.length > 0 ? 1 : 0);
    return {
      model: settings.model,
      message: { stopReason: message.stop_reason ?? 'unknown', text: progressOf(message) },
      ...{ usage, usd, held: { usd: 0, tokens: 0 }, seconds },
    };
  }

  /**
   * Books a call that was cut: what was streamed of it, plus 200 tokens for each second from the last event
   * until it was closed. The rest of what it can have cost is held. `pending`: uses of server-side tools that
   * it began with; of later uses only the streamed ones are charged.
   */
  cutTurn(cut: CutCall, settings: CallSettings, maxTokens: number, pending: Uses): Turn {
    const { partial, seconds } = cut;
    const heard = partial && billOf(partial.usage as RawUsage, settings.cacheTtl, settings.price);
    const whole = heard && partial?.stop_reason;
    const booked = whole ? heard : this.#bookedCut(cut, settings, maxTokens);
    const spent = { usd: booked.usd, tokens: tokensOf(booked.usage) };
    // A stream that the server ended has at most the output that it had time to write.
    const written = TOKENS_A_SECOND * (seconds + 1);
    const room = cut.ended ? Math.min(maxTokens, Math.ceil(written)) : maxTokens;
    const worst = whole ? spent : this.#worstCut(partial, settings, room, pending);
    return {
      model: settings.model,
      message: { stopReason: 'cut', text: '' },
      ...{ usage: booked.usage, usd: booked.usd, held: beyond(worst, spent), seconds },
    };
  }

  /** An upper bound of the next call's cost, with `uses` of server-side tools. */
  reserve(settings: CallSettings, maxTokens: number, uses: Uses): Reserve {
    const { cacheTtl, features, price } = settings;
    const inputTokens = this.#inputTokens();
    return worstOf(
      {
        inputTokens,
        maxTokens,
        cacheTtl,
        ...uses,
        compacts: features.has('compaction') && !settings.closing,
      },
      price,
    );
  }

  /** The likely cost of the next call's input, which is booked for a call that a crash cuts off. */
  likely(settings: CallSettings): Reserve {
    const usage = this.#likelyInput(settings);
    return { usd: costOf(usage, settings.price), tokens: tokensOf(usage) };
  }

  /** Switches to another model: it may count more tokens for the same text, and its cache is empty. */
  switchModel(): void {
    this.#known = otherTokens(this.#known);
    this.#stored = 0;
  }

  #bookedCut(
    { partial, silentSeconds }: CutCall,
    settings: CallSettings,
    maxTokens: number,
  ): { usage: Usage; usd: number } {
    const heard = partial && billOf(partial.usage as RawUsage, settings.cacheTtl, settings.price).usage;
    const input = heard ?? this.#likelyInput(settings);
    const streamed = Math.max(heard?.outputTokens ?? 0, likelyTokens(said(partial)));
    const { readings, searches, brought } = seenOf(partial);
    const usage = {
      ...input,
      // Each further reading finds in the cache what the one before it stored.
      cacheReadTokens: input.cacheReadTokens + readings * inputOf(input),
      [settings.cacheTtl === '1h' ? 'cacheWrite1hTokens' : 'cacheWrite5mTokens']:
        (settings.cacheTtl === '1h' ? input.cacheWrite1hTokens : input.cacheWrite5mTokens) + brought,
      outputTokens: Math.min(maxTokens, Math.ceil(streamed + TOKENS_A_SECOND * silentSeconds)),
      webSearches: searches,
    };
    return { usage, usd: costOf(usage, settings.price, inputOf(input) + brought) };
  }

  /**
   * The most that a cut call is billed for: the input that its first event reported, a full reply, and a
   * reading for each streamed use of a server-side tool. A call without any event counts with its reserve.
   * A use whose event was lost with a reset connection is not held: at most the last one, a few cents.
   */
  #worstCut(
    partial: BetaMessage | undefined,
    settings: CallSettings,
    maxTokens: number,
    uses: Uses,
  ): Reserve {
    if (!partial) return this.reserve(settings, maxTokens, uses);
    const { price, cacheTtl } = settings;
    const { usage } = billOf(partial.usage as RawUsage, cacheTtl, price);
    const { found, searches } = seenOf(partial);
    const most = this.#inputTokens();
    const compacts = settings.features.has('compaction') && !settings.closing && most >= COMPACT_AT;
    // With a summary, the first event reports only the reading after it, but the summary itself read all.
    const inputTokens = compacts ? Math.max(most, inputOf(usage)) : inputOf(usage);
    if (found.length > 0 || compacts)
      return worstOf({ inputTokens, maxTokens, found, searches, compacts, cacheTtl }, price);
    return {
      usd: costOf({ ...usage, outputTokens: maxTokens, webSearches: searches }, price),
      tokens: inputTokens + maxTokens,
    };
  }

  /** Upper bound of the next call's input: the known tokens, and one token for each new byte. */
  #inputTokens(): number {
    const fresh = mostTokens(this.c.messages.slice(this.#covered));
    return this.#covered > 0 ? this.#known + fresh : UNSEEN_TOKENS + mostTokens(this.c.opening) + fresh;
  }

  #likelyInput({ cacheTtl }: CallSettings): Usage {
    const fresh = likelyTokens(this.c.messages.slice(this.#covered));
    const written = this.#covered === 0 ? fresh + likelyTokens(this.c.opening) : fresh;
    return {
      ...noUsage,
      cacheReadTokens: this.#stored,
      [cacheTtl === '1h' ? 'cacheWrite1hTokens' : 'cacheWrite5mTokens']: written,
    };
  }
}

/** Input tokens that the server cleared for this reading alone. The next reading may include them again. */
const cleared = ({ context_management }: BetaMessage): number =>
  (context_management?.applied_edits ?? []).reduce((sum, edit) => sum + edit.cleared_input_tokens, 0);

/** The output of a cut reply: all that the model wrote, without the results of server-side tools. */
const said = (partial: BetaMessage | undefined) =>
  (partial?.content ?? []).filter(({ type }) => !type.endsWith('_tool_result'));

/**
 * Uses of server-side tools in a cut reply: how often the input is read again, the tokens that they added,
 * and the most that each of them may add.
 */
function seenOf(partial: BetaMessage | undefined) {
  const content = partial?.content ?? [];
  const results = content.filter(({ type }) => type.endsWith('_tool_result'));
  const uses = content.flatMap((block) => (block.type === 'server_tool_use' ? [block] : []));
  const asked = new Set(uses.map(({ id }) => id));
  // Results of searches that the previous reply asked for: they are charged here, and read with the input.
  const late = results.filter(
    (block) => block.type === 'web_search_tool_result' && !asked.has(block.tool_use_id),
  ).length;
  const { found, searches } = usesOf(uses.map(({ name }) => name));
  return {
    readings: uses.length,
    brought: results.length > 0 ? likelyTokens(results) : 0,
    found,
    searches: searches + late,
  };
}

/** The progress text of a reply: its text, or where it has none, its thinking as far as that is shown. */
function progressOf(message: BetaMessage): string {
  const words = textOf(message);
  if (words.trim() !== '') return words;
  return message.content
    .flatMap((block) => (block.type === 'thinking' && block.thinking.trim() !== '' ? [block.thinking] : []))
    .join('\n');
}

export const textOf = (message: BetaMessage) =>
  message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
