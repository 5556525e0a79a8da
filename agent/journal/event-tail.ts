import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { LoggedEvent } from '#contract/event';
import { readEvent } from './events.ts';

/**
 * Follows the event log of a loop that another process writes, maybe on another machine. A line that is no
 * event to us is skipped: the loop may be of another version.
 */
export class EventTail {
  #file: { inode: number; offset: number } = { inode: -1, offset: 0 };
  #half = Buffer.alloc(0);

  constructor(private readonly path: string) {}

  /** What was added since the last look. `anew`: this is the log of another loop, and these are all of it. */
  read(): { events: LoggedEvent[]; anew: boolean } {
    let fd: number;
    try {
      fd = openSync(this.path, 'r');
    } catch {
      return { events: [], anew: false };
    }
    try {
      const { ino, size } = fstatSync(fd);
      // A new loop puts the log aside and begins another.
      const anew = ino !== this.#file.inode || size < this.#file.offset;
      if (anew) {
        this.#file = { inode: ino, offset: 0 };
        this.#half = Buffer.alloc(0);
      }
      return { events: this.#eventsIn(fd, size), anew };
    } finally {
      closeSync(fd);
    }
  }

  #eventsIn(fd: number, size: number): LoggedEvent[] {
    const bytes = Buffer.alloc(size - this.#file.offset);
    const length = readSync(fd, bytes, 0, bytes.length, this.#file.offset);
    this.#file.offset += length;
    const whole = Buffer.concat([this.#half, bytes.subarray(0, length)]);
    const end = whole.lastIndexOf(10) + 1;
    this.#half = whole.subarray(end);
    const lines = whole.toString('utf8', 0, end).split('\n').slice(0, -1);
    return lines.flatMap((line) => readEvent(line) ?? []);
  }
}
