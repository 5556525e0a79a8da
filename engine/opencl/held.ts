import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';

/** Methods of an array that change it. */
const CHANGING = new Set<string | symbol>(['set', 'fill', 'sort', 'reverse', 'copyWithin']);

/**
 * Numbers in float64 that kernels update, with an array of this process that shows them: it is read from the
 * device when code reads it after a kernel has changed them, and goes back when a kernel needs what code
 * wrote.
 */
export class Held {
  private newest: 'host' | 'device' | 'both' = 'host';
  private buffer: DeviceBuffer | null = null;
  /** The array, as code sees it. */
  readonly array: Float64Array;

  constructor(
    private readonly device: Device,
    private readonly values: Float64Array,
  ) {
    this.array = new Proxy(values, {
      get: (target, key) => {
        if (key === 'length') return target.length;
        this.toHost();
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function' || key === 'constructor') return value;
        return (...args: unknown[]) => {
          if (CHANGING.has(key)) this.written();
          const result: unknown = value.apply(target, args);
          return result === target ? this.array : result;
        };
      },
      set: (target, key, value: unknown) => {
        this.toHost();
        this.written();
        return Reflect.set(target, key, value, target);
      },
    });
    held.set(this.array, this);
  }

  get length(): number {
    return this.values.length;
  }

  /** Where the numbers are on the device. */
  onDevice(): DeviceBuffer {
    const { device, values } = this;
    if (!this.buffer) {
      this.buffer = device.allocateLasting(2 * Math.max(1, values.length));
      this.buffer.overwritten = () => this.changed();
    }
    if (this.newest === 'host') {
      device.write(this.buffer, device.found.hasDoubles ? values : Float32Array.from(values));
      this.newest = 'both';
    }
    return this.buffer;
  }

  /** To be called whenever a kernel that changes them was queued. */
  changed(): void {
    this.newest = 'device';
  }

  /** Code wrote to the array: a step that is replayed would not take that to the device. */
  private written(): void {
    this.newest = 'host';
    if (this.buffer) this.device.forget();
  }

  private toHost(): void {
    if (this.newest !== 'device' || !this.buffer) return;
    const { device, values } = this;
    const into = device.found.hasDoubles ? values : new Float32Array(values.length);
    device.read([[this.buffer, into]]);
    if (into !== values) values.set(into);
    this.newest = 'both';
  }
}

const held = new WeakMap<object, Held>();

/** What stands behind an array that `Held` shows; null for any other. */
export const heldOf = (array: Float64Array): Held | null => held.get(array) ?? null;
