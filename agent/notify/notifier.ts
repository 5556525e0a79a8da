import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedEvent } from '#contract/event';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { newsOf } from './news.ts';
import { send, type Target } from './send.ts';

/** What is used here of the loop. */
export interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
}

/** More than these that wait for a slow receiver are dropped. */
const MOST_WAITING = 20;
const LAST_WAIT_MS = 15_000;

/**
 * Tells somebody outside of new bests, trouble and the end. News go out one after the other beside the loop,
 * which never waits for them but at its end; a failure is one warning, whatever fails after it.
 */
export class Notifier {
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failed = false;
  /** The loop has left: nothing more is sent, and nobody is there to be warned. */
  #over = false;
  #lastTrouble = '';
  /** While it emits its own notice, which comes back to `listen` at once. */
  #tellsOfItself = false;

  constructor(
    readonly loop: () => LoopParts,
    readonly target: Target,
  ) {}

  readonly listen = (event: LoggedEvent): void => {
    const news = newsOf(this.loop(), event);
    if (!news) return;
    const last = news.event === 'stop';
    if (this.#waiting >= MOST_WAITING && !last) return;
    // Trouble that goes on, as an overload does, is told once. So is ours: it would be told by what does not
    // work.
    const trouble = event.type === 'loop.waiting' ? event.reason : news.text;
    if (news.event === 'trouble' && (trouble === this.#lastTrouble || this.#tellsOfItself)) return;
    if (news.event === 'trouble') this.#lastTrouble = trouble;
    this.#waiting++;
    // The end is not told behind all that waits for a slow receiver, but beside it: the loop does not wait
    // for long.
    const before = last && this.#waiting > 2 ? Promise.resolve() : this.#sending;
    const sent = before
      .then(() => (this.#over ? undefined : send(this.target, news)))
      .catch((error: unknown) => this.#fail(messageOf(error)))
      .finally(() => {
        this.#waiting--;
      });
    this.#sending = Promise.all([this.#sending, sent]).then(() => {});
  };

  /**
   * Resolves when all that was to be told is told or could not be, or when the loop has waited for that long
   * enough.
   */
  async settled(): Promise<void> {
    const enough = new AbortController();
    await Promise.race([this.#sending, sleep(LAST_WAIT_MS, undefined, enough).catch(() => {})]);
    enough.abort();
    this.#over = true;
  }

  #fail(why: string): void {
    if (this.#failed || this.#over) return;
    this.#failed = true;
    this.#tellsOfItself = true;
    this.loop().journal.notice(`a notification was not delivered: ${why}; further ones are not told`, 'warn');
    this.#tellsOfItself = false;
  }
}
