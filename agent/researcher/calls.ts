import type { BetaMessage } from '@anthropic-ai/sdk/resources/beta';
import { messageOf } from '../words.ts';
import type { Conversation } from './converse.ts';
import { classify, isFree } from './failures.ts';
import { firstManner, type Manner, withoutRefused } from './manner.ts';
import { Meter } from './meter.ts';
import { webUsedUp } from './web.ts';

/** The calls of one conversation: whether the next may be made and in which manner, and what each of them costs. */
export class Calls {
  manner: Manner;
  readonly #meter: Meter;

  constructor(readonly c: Conversation) {
    this.manner = firstManner(c.connection, c.cacheTtl);
    this.#meter = new Meter(c);
  }

  /** Announces the next call, or gives the limit that forbids it. Without the web, which makes a call dear, where only that is too much. */
  announce(): { of: 'sprint' | 'loop'; reason: string } | null {
    const { c } = this;
    if (this.manner.web && webUsedUp(c.messages)) this.manner = { ...this.manner, web: false };
    const no = c.mayCall(this.#meter.reserve(this.manner));
    if (no) {
      const plain = { ...this.manner, web: false };
      if (!this.manner.web || c.mayCall(this.#meter.reserve(plain))) return no;
      this.#leaveWeb(no.reason);
    }
    c.onCall(this.#meter.reserve(this.manner));
    return null;
  }

  /** A whole reply; call it before the reply is added to the history. */
  answered(message: BetaMessage, seconds: number): void {
    this.c.onTurn(this.#meter.turn(message, this.manner, seconds));
  }

  /** A call that gave no whole reply. */
  lost({ partial, seconds }: { partial: BetaMessage | undefined; seconds: number }, error: unknown): void {
    if (!partial && isFree(error)) {
      this.c.onFree(classify(error).reason);
      return;
    }
    this.c.onTurn(this.#meter.cutTurn(partial, this.manner, seconds));
    // Its whole reserve is gone: a connection that breaks often would eat the money of a night.
    if (this.manner.web) this.#leaveWeb('a call with it was cut');
  }

  /** Whether the API complained about something that a call can do without; it is left out from here on. */
  dropRefused(error: unknown): boolean {
    const { kind, reason } = classify(error);
    if (kind !== 'broken' && kind !== 'fatal') return false;
    const { connection } = this.c;
    const { web, clears } = this.manner;
    const less = withoutRefused(this.manner, messageOf(error));
    if (!less) return false;
    this.manner = less;
    // What is missing at all is not asked for in the next sprint either.
    if (web && !less.web) connection.web = false;
    if (clears && !less.clears) connection.manages = false;
    this.c.onNotice(`the API refused a part of the call, which goes on without it: ${reason}`, 'warn');
    return true;
  }

  /** From here on calls are made in another manner. */
  change(manner: Manner): void {
    if (manner.model !== this.manner.model) this.#meter.switchModel();
    this.manner = manner;
  }

  #leaveWeb(why: string): void {
    this.manner = { ...this.manner, web: false };
    this.c.onNotice(`web search and fetch are off for the rest of this conversation: ${why}`, 'info');
  }
}
