import type { Driver, Mark } from './driver.ts';

/** Times of the kernels on the device itself, by their events. Nothing is recorded until `begin`. */
export class Timeline {
  private events: { name: string; event: Mark }[] | null = null;

  constructor(private readonly driver: Pick<Driver, 'milliseconds'>) {}

  begin(): void {
    this.events = [];
  }

  /** Whether launches are to be timed. */
  get isOn(): boolean {
    return this.events !== null;
  }

  note(name: string, event: Mark): void {
    this.events?.push({ name, event });
  }

  /** Launches and milliseconds of each kernel since `begin`. The queue must have finished. */
  end(): Map<string, { launches: number; ms: number }> {
    const times = new Map<string, { launches: number; ms: number }>();
    for (const { name, event } of this.events ?? []) {
      const ms = this.driver.milliseconds(event);
      const sum = times.get(name) ?? { launches: 0, ms: 0 };
      times.set(name, { launches: sum.launches + 1, ms: sum.ms + ms });
    }
    this.events = null;
    return times;
  }
}
