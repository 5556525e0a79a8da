import type { Event, LoggedEvent } from '#contract/event';
import type { EventLog } from './events.ts';
import { fold } from './fold.ts';
import type { LoopState } from './state.ts';

/**
 * What has happened in a loop, and the state that follows from it: the fold of all events and nothing else. Each event is on disk
 * before it changes the state, and changes it before anyone hears of it.
 */
export class Journal {
  readonly #log: EventLog;
  #state: LoopState;

  constructor(log: EventLog, before: LoopState) {
    this.#log = log;
    this.#state = before;
    log.subscribe((event) => {
      this.#state = fold(this.#state, event);
    });
  }

  readonly state = (): LoopState => this.#state;

  emit(event: Event): LoggedEvent {
    return this.#log.emit(event);
  }

  /** A line for whoever looks on. */
  notice(text: string, level: 'info' | 'warn' = 'info'): void {
    this.emit({ type: 'loop.notice', level, text });
  }

  subscribe(listener: (event: LoggedEvent) => void): void {
    this.#log.subscribe(listener);
  }

  close(): void {
    this.#log.close();
  }
}
