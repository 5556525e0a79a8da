import { check, type OpenCl } from './library.ts';

const START = 0x1282;
const END = 0x1283;

/** Times of the kernels on the device itself, by their events. Nothing is recorded until `begin`. */
export class Timeline {
  private events: { name: string; event: number }[] | null = null;

  constructor(private readonly cl: OpenCl) {}

  begin(): void {
    this.events = [];
  }

  /** Where the next launch must write its event; null where nothing is recorded. */
  event(): BigUint64Array | null {
    return this.events ? new BigUint64Array(1) : null;
  }

  note(name: string, event: BigUint64Array): void {
    this.events?.push({ name, event: Number(event[0]) });
  }

  /** Launches and milliseconds of each kernel since `begin`. The queue must have finished. */
  end(): Map<string, { launches: number; ms: number }> {
    const times = new Map<string, { launches: number; ms: number }>();
    for (const { name, event } of this.events ?? []) {
      const [from, to] = [START, END].map((what) => {
        const at = new BigUint64Array(1);
        check(this.cl.getEventProfilingInfo(event, what, 8, at, null), 'the time of a kernel');
        return Number(at[0]);
      });
      check(this.cl.releaseEvent(event), 'the release of an event');
      const sum = times.get(name) ?? { launches: 0, ms: 0 };
      times.set(name, { launches: sum.launches + 1, ms: sum.ms + (to - from) / 1e6 });
    }
    this.events = null;
    return times;
  }
}
