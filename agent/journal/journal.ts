import type { Event, LoggedEvent } from '#contract/event';
import { FIRST_RESEARCHER } from '#contract/run';
import type { Clock } from '../common/clock.ts';
import type { EventLog } from './events.ts';
import { fold } from './fold.ts';
import type { LoopState } from './state.ts';

/**
 * What has happened in a loop, and the state that follows from it: the fold of all events and nothing else.
 * Each event is on disk before it changes the state, and changes it before anyone hears of it.
 */
export class Journal {
  readonly #log: EventLog;
  readonly state: () => LoopState;

  constructor(
    log: EventLog,
    before: LoopState,
    /** Whose the events are that are emitted here. */
    readonly researcherId: string = FIRST_RESEARCHER,
  ) {
    this.#log = log;
    let state = before;
    log.subscribe((event) => {
      state = fold(state, event);
    });
    this.state = () => state;
  }

  /** The clock that dates the events: limits are asked for by the same. */
  get now(): Clock {
    return this.#log.now;
  }

  emit(event: Event): LoggedEvent {
    return this.#log.emit(event, this.researcherId);
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
