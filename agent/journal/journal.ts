import type { Event, LoggedEvent, NoticeCode } from '#contract/event';
import { FIRST_RESEARCHER } from '#contract/run';
import type { Clock } from '../common/clock.ts';
import type { EventLog } from './events.ts';
import { fold } from './fold.ts';
import type { LoopState } from './state.ts';

/**
 * The event log of a loop and the state that follows from it, which is the fold of all events. Each event is
 * on disk before it changes the state, and changes the state before any later listener is called.
 */
export class Journal {
  readonly #log: EventLog;
  readonly state: () => LoopState;

  constructor(
    log: EventLog,
    before: LoopState | (() => LoopState),
    /** The researcher that the emitted events belong to. */
    readonly researcherId: string = FIRST_RESEARCHER,
  ) {
    this.#log = log;
    if (typeof before === 'function') {
      this.state = before;
      return;
    }
    let state = before;
    log.subscribe((event) => {
      state = fold(state, event);
    });
    this.state = () => state;
  }

  /** The same log and the same state, written to by another researcher. */
  by(researcherId: string): Journal {
    return researcherId === this.researcherId ? this : new Journal(this.#log, this.state, researcherId);
  }

  /** The open sprint of this researcher; null where it has none. */
  get sprint(): LoopState['sprints'][string] | null {
    return this.state().sprints[this.researcherId] ?? null;
  }

  /** The clock that dates the events. Limits are checked against the same clock. */
  get now(): Clock {
    return this.#log.now;
  }

  emit(event: Event): LoggedEvent {
    return this.#log.emit(event, this.researcherId);
  }

  /** Emits a message for the people who watch the loop. */
  notice(text: string, level: 'info' | 'warn' = 'info', code?: NoticeCode): void {
    this.emit({ type: 'loop.notice', level, ...(code && { code }), text });
  }

  subscribe(listener: (event: LoggedEvent) => void): void {
    this.#log.subscribe(listener);
  }

  close(): void {
    this.#log.close();
  }
}
