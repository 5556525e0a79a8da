import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedEvent } from '#contract/event';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { newsOf } from './news.ts';
import { send, type Target } from './send.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
}

/** When more messages than this wait for a slow receiver, further ones are dropped. */
const MOST_WAITING = 20;
const LAST_WAIT_MS = 15_000;

/**
 * Sends messages about new bests, trouble and the end of the loop. They go out one after the other, in the
 * background: the loop waits for them at its end alone. Only the first failure is logged, as one warning.
 */
export class Notifier {
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failed = false;
  /** The loop has ended: nothing more is sent and no warning is logged. */
  #over = false;
  #lastTrouble = '';
  /** True while the notifier emits its own notice, which comes back to `listen` at once. */
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
    // Lasting trouble, such as an overload, is sent once. A notice of the notifier itself is not sent: the
    // delivery that just failed would have to carry it.
    const trouble = event.type === 'loop.waiting' ? event.reason : news.text;
    if (news.event === 'trouble' && (trouble === this.#lastTrouble || this.#tellsOfItself)) return;
    if (news.event === 'trouble') this.#lastTrouble = trouble;
    this.#waiting++;
    // The message of the end does not queue behind those that wait for a slow receiver: the loop does not
    // wait for long at its end.
    const before = last && this.#waiting > 2 ? Promise.resolve() : this.#sending;
    const sent = before
      .then(() => (this.#over ? undefined : send(this.target, news)))
      .catch((error: unknown) => this.#fail(messageOf(error)))
      .finally(() => {
        this.#waiting--;
      });
    this.#sending = Promise.all([this.#sending, sent]).then(() => {});
  };

  /** Resolves when every message was sent or has failed, or after the longest wait that the loop allows. */
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
    this.loop().journal.notice(
      `a notification was not delivered: ${why}; further failures are not reported`,
      'warn',
    );
    this.#tellsOfItself = false;
  }
}
