import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '#contract/errors';
import { Event, type LoggedEvent } from '#contract/event';
import { FIRST_RESEARCHER } from '#contract/run';
import type { Clock } from '../common/clock.ts';
import { appendLine, bytesOf, wholeLines } from '../common/lines.ts';

/**
 * High-rate events whose loss in a power cut costs nothing: written, but not flushed to the disk one by one.
 */
const UNSYNCED: ReadonlySet<Event['type']> = new Set(['run.progress']);

/**
 * The append-only log of a loop: `state/events.jsonl`, one JSON line per event, flushed before any listener
 * is called. While a loop runs, it is the only source of truth, and a restart replays it. Console, status and
 * notebook only subscribe to it.
 */
export class EventLog {
  readonly #fd: number;
  readonly #listeners: ((event: LoggedEvent) => void)[] = [];
  #seq: number;

  private constructor(
    fd: number,
    seq: number,
    /** Dates the events. */
    readonly now: Clock,
  ) {
    this.#fd = fd;
    this.#seq = seq;
  }

  /**
   * Opens the log for appending and returns the events it holds. A line that a crash left half-written is cut
   * off.
   */
  static open(path: string, now: Clock = Date.now): { log: EventLog; past: LoggedEvent[] } {
    mkdirSync(dirname(path), { recursive: true });
    const lines = wholeLines(path);
    const events = parse(lines, path);
    const fd = openSync(path, 'a');
    ftruncateSync(fd, bytesOf(lines));
    return { log: new EventLog(fd, events.at(-1)?.seq ?? 0, now), past: events };
  }

  emit(event: Event, researcherId = FIRST_RESEARCHER): LoggedEvent {
    const logged = { seq: this.#seq + 1, at: new Date(this.now()).toISOString(), researcherId, ...event };
    appendLine(this.#fd, JSON.stringify(logged));
    this.#seq = logged.seq;
    if (!UNSYNCED.has(event.type)) fsyncSync(this.#fd);
    for (const listener of this.#listeners) listener(logged);
    return logged;
  }

  subscribe(listener: (event: LoggedEvent) => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Reads a log that another process may be writing; an unfinished last line is left out. */
export function readEvents(path: string): LoggedEvent[] {
  return parse(wholeLines(path), path);
}

function parse(lines: readonly Buffer[], path: string): LoggedEvent[] {
  return lines.map((line, index) => {
    const event = readEvent(String(line));
    if (event) return event;
    throw new UserError(
      `${path}:${index + 1}: is not an event of the loop; move the file away to start with a new log (closed sprints are kept elsewhere)`,
    );
  });
}

/** The event that a line of the log holds; null where it is none. */
export function readEvent(line: string): LoggedEvent | null {
  try {
    const json = JSON.parse(line) as { seq: number; at: string; researcherId?: string };
    const { seq, at, researcherId = FIRST_RESEARCHER } = json;
    return { ...Event.parse(json), seq, at, researcherId };
  } catch {
    return null;
  }
}
