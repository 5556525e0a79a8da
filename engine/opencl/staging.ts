import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import type { Numbers } from './launch.ts';

/** A place in memory of the device to which numbers are brought. */
export interface Target {
  buffer: DeviceBuffer;
  values: Numbers;
}

interface Slot {
  buffer: DeviceBuffer;
  /** The end of its last copy, after which it may be overwritten. */
  event: BigUint64Array | null;
}

/**
 * Brings the numbers of a step to the device while that still computes the step before: by a queue of its own
 * to one of two slots, and from there by a copy in the order of the steps. So this process is never more than
 * two steps ahead.
 */
export class Staging {
  private slots: Slot[] = [];
  private next = 0;

  constructor(private readonly device: Device) {}

  /** Queues that the numbers are at their targets. The arrays may change as soon as this returns. */
  bring(targets: readonly Target[]): void {
    const { device } = this;
    const sizes = targets.map(({ values }) => values.byteLength);
    const slot = this.slot(sizes.reduce((sum, size) => sum + size, 0));
    let at = 0;
    for (const [i, { values }] of targets.entries()) {
      device.stage(slot.buffer, at, values, slot.event);
      at += sizes[i];
    }
    if (slot.event) device.releaseEvent(slot.event);
    at = 0;
    for (const [i, { buffer }] of targets.entries()) {
      const isLast = i === targets.length - 1;
      slot.event = device.copyPart(slot.buffer, at, buffer, sizes[i], isLast);
      at += sizes[i];
    }
  }

  private slot(bytes: number): Slot {
    const { device } = this;
    if (this.slots.length === 0 || this.slots[0].buffer.bytes < bytes) {
      this.dispose();
      this.slots = [0, 1].map(() => ({ buffer: device.allocateLasting(bytes / 4), event: null }));
    }
    this.next = 1 - this.next;
    return this.slots[this.next] as Slot;
  }

  dispose(): void {
    for (const { buffer, event } of this.slots) {
      if (event) this.device.releaseEvent(event);
      this.device.release(buffer);
    }
    this.slots = [];
  }
}
