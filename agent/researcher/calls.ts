import type { BetaMessage } from '@anthropic-ai/sdk/resources/beta';
import { type CallSettings, firstCallSettings, without } from './call-settings.ts';
import { type Feature, refusedFeature } from './connect/features.ts';
import type { Conversation, Limit } from './conversation.ts';
import { classify, isFree } from './failures.ts';
import type { History } from './history.ts';
import { type CutCall, Meter } from './meter.ts';
import { hasWeb } from './opening.ts';
import { type Reserve, together, type Uses, usesOf, wholeWeb } from './reserve.ts';
import { webUsedUp } from './web.ts';

/** The least room in tokens for a reply: thinking and a tool call have to fit into it. */
const LEAST_TOKENS = 4000;
/** With less room than this in tokens, a researcher is told to finish its sprint. */
const SHORT_TOKENS = 8000;
/**
 * One call reserves at most this share of the money that is left, as long as that gives it enough room. A cut
 * call holds all that it could have cost.
 */
const SHARE = 0.5;
/** The most bytes of history in a request, safely below the API's limit of 32 MB. */
const MOST_BYTES = 30e6;

/** What the researcher is told when the web is withdrawn in mid-conversation, by reason. */
const WITHDRAWN = {
  used: 'The uses of web search and fetch in this sprint are used up. They are no longer offered. Continue without them.',
  money:
    'Web search and fetch are no longer offered: the money that is left does not allow them. Continue without them.',
  off: 'Web search and fetch are switched off and no longer offered. Continue without them.',
};
type Withdrawal = keyof typeof WITHDRAWN;

/**
 * Manages the calls of one conversation: whether the next may be made, with which settings, and what each
 * costs.
 */
export class Calls {
  settings: CallSettings;
  /** `max_tokens` of the next call. Shrinks with the money that is left. */
  maxTokens: number;
  /** Whether so little is left for the next reply that the researcher should finish its sprint. */
  short = false;
  readonly #meter: Meter;

  constructor(
    readonly c: Conversation,
    readonly history: History,
  ) {
    this.settings = firstCallSettings(c.connection, c.cacheTtl, hasWeb(c.opening));
    this.maxTokens = c.maxTokens;
    this.#meter = new Meter({ opening: c.opening, messages: history.messages });
  }

  /** Whether web search and fetch are offered in the next call. */
  get web(): boolean {
    return hasWeb(this.c.opening) && !this.history.webWithdrawn;
  }

  /** Reserves the next call and returns null, or returns the limit that forbids the call. */
  announce(): Limit | null {
    const { c, history } = this;
    const bytes = history.messages.reduce(
      (sum, message) => sum + Buffer.byteLength(JSON.stringify(message)),
      0,
    );
    if (bytes > MOST_BYTES)
      return { code: 'request-size', reason: 'the conversation is as large as a request may be (32 MB)' };
    // Withdraws the web if needed. After tool results this was already done, together with the other texts.
    this.tell([]);
    const room = this.#room();
    this.maxTokens = room ?? Math.min(LEAST_TOKENS, c.maxTokens);
    this.short = this.#isTight(room) && !this.#webToWithdraw();
    const no = c.mayCall({
      reserve: this.#reserve(this.maxTokens),
      likely: this.#meter.likely(this.settings),
      plain: this.#plainReserve(this.maxTokens),
    });
    return no && this.#withoutWebElsewhere(no);
  }

  /**
   * Adds texts after the tool results, and withdraws the web if there is a reason to. Returns false where no
   * message may stand now.
   */
  tell(texts: readonly string[]): boolean {
    const why = this.#webToWithdraw();
    if (!this.history.tell([...(why ? [WITHDRAWN[why]] : []), ...texts], why !== null)) return false;
    if (why) this.#tellWithdrawn(why);
    return true;
  }

  /** Books a whole reply. Call it before the kept part is added to the history. */
  answered(message: BetaMessage, kept: readonly unknown[], seconds: number): void {
    this.c.onTurn(this.#meter.turn(message, kept, this.settings, seconds));
  }

  /** Books a call that gave no whole reply. */
  lost(cut: CutCall, error: unknown): void {
    if (!cut.sent || (!cut.partial && isFree(error)))
      this.c.onFree(classify(error, this.c.connection.reached).reason);
    else this.c.onTurn(this.#meter.cutTurn(cut, this.settings, this.maxTokens, this.#uses(false)));
  }

  /**
   * Returns the feature that the API refused, or null where the error is about none. The feature is left out
   * from here on, in later sprints too.
   */
  leaveOut(error: unknown): Feature | null {
    const feature = refusedFeature(error, this.settings.features);
    if (!feature) return null;
    this.settings = without(this.settings, feature);
    this.c.connection.lacks.add(feature);
    const { reason } = classify(error, this.c.connection.reached);
    this.c.onNotice(
      `further calls are made without ${feature}, because the API refused it: ${reason}`,
      'warn',
      'feature-refused',
    );
    return feature;
  }

  /** Sets the settings of all later calls. */
  change(settings: CallSettings): void {
    if (settings.model !== this.settings.model) {
      this.#meter.switchModel();
      this.c.onModel(settings.model);
    }
    this.settings = settings;
  }

  /**
   * `max_tokens` of the next reply: the configured value, or what is left of money and tokens allows. Null
   * where that is too little.
   */
  #room(): number | null {
    const { c } = this;
    const left = c.room();
    const fits = (maxTokens: number, share: number) => {
      const { usd, tokens } = this.#reserve(maxTokens);
      return usd <= left.usd * share && tokens <= left.tokens;
    };
    if (fits(c.maxTokens, SHARE)) return c.maxTokens;
    const least = Math.min(LEAST_TOKENS, c.maxTokens);
    if (!fits(least, SHARE)) return fits(least, 1) ? least : null;
    let [low, high] = [least, c.maxTokens];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (fits(middle, SHARE)) low = middle;
      else high = middle;
    }
    return low;
  }

  #reserve(maxTokens: number): Reserve {
    return this.#meter.reserve(this.settings, maxTokens, this.#uses(this.web));
  }

  /** The reserve as long as the server makes no new use of the web. */
  #plainReserve(maxTokens: number): Reserve {
    return this.#meter.reserve(this.settings, maxTokens, this.#uses(false));
  }

  /**
   * Uses of server-side tools in the next call: those pending, and with `web` those that the model may ask
   * for.
   */
  #uses(web: boolean): Uses {
    const pending = usesOf(this.history.pendingTools);
    return web ? together(wholeWeb, pending) : pending;
  }

  /**
   * Why the web is to be withdrawn; null where it stays. Where the API does not support the withdrawal
   * message, the web stays and is counted in the reserve.
   */
  #webToWithdraw(): Withdrawal | null {
    const { c, history, settings } = this;
    if (!this.web || !settings.features.has('toolChanges') || !settings.features.has('system')) return null;
    if (!c.connection.web) return 'off';
    if (webUsedUp(history.messages)) return 'used';
    return this.#isTight(this.#room()) ? 'money' : null;
  }

  #isTight(room: number | null): boolean {
    return room === null || room < Math.min(SHORT_TOKENS, this.c.maxTokens);
  }

  #tellWithdrawn(why: Withdrawal): void {
    this.c.onNotice(
      `web search and fetch are switched off for the rest of this conversation (${why})`,
      'info',
    );
  }

  /**
   * Changes a money or token limit to `web-money` where the call would fit without the web. Then only this
   * conversation is too expensive, because its web cannot be withdrawn, and the loop has money left.
   */
  #withoutWebElsewhere(no: Limit): Limit {
    if ((no.code !== 'money' && no.code !== 'tokens') || !this.web) return no;
    const { usd, tokens } = this.#plainReserve(Math.min(LEAST_TOKENS, this.c.maxTokens));
    const left = this.c.room();
    return usd > left.usd || tokens > left.tokens ? no : { ...no, code: 'web-money' };
  }
}
