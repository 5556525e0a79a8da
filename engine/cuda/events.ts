import type { Mark } from '../opencl/driver.ts';
import { check } from './errors.ts';
import type { Cuda } from './library.ts';

/** Of cuda.h. A thread that waits for an event sleeps, where it would else take a core. */
const SLEEPING = 1;
const WITHOUT_TIME = 2;

/** Events that are used again: alone for streams to wait for, in pairs for the time between them. */
export class Events {
  private readonly alone: Mark[] = [];
  private readonly pairs: Mark[] = [];

  constructor(private readonly cuda: Cuda) {}

  /** An event that this process waits for. */
  awaited(): bigint {
    return this.create(SLEEPING | WITHOUT_TIME);
  }

  private create(flags = WITHOUT_TIME): bigint {
    const event = new BigUint64Array(1);
    check(this.cuda.eventCreate(event, flags), 'an event');
    return event[0];
  }

  /** An event that comes once all that is queued there now has ended. */
  mark(stream: number): Mark {
    const mark = this.alone.pop() ?? BigUint64Array.of(this.create());
    this.record(mark[0], stream);
    return mark;
  }

  /** The begin of a time. */
  begin(stream: number): Mark {
    const pair = this.pairs.pop() ?? BigUint64Array.of(this.create(0), this.create(0));
    this.record(pair[0], stream);
    return pair;
  }

  end(pair: Mark, stream: number): void {
    this.record(pair[1], stream);
  }

  release(mark: Mark): void {
    (mark.length === 1 ? this.alone : this.pairs).push(mark);
  }

  milliseconds(pair: Mark): number {
    const time = new Float32Array(1);
    const code = this.cuda.eventElapsedTime(time, Number(pair[0]), Number(pair[1]));
    check(code, 'the time of a kernel');
    this.release(pair);
    return time[0];
  }

  record(event: bigint, stream: number): void {
    check(this.cuda.eventRecord(Number(event), stream), 'an event');
  }
}
