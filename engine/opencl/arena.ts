import type { BufferPool, DeviceBuffer } from './buffers.ts';

/** Smaller memory is used once in a step, so that launches depend on each other only by their numbers. */
const LEAST_REUSED = 2 ** 23;

/**
 * The memory of a recorded step. Within the step it is used again as that of any step; nothing else gets it,
 * until it is given back.
 */
export class Arena {
  private readonly free = new Map<number, DeviceBuffer[]>();
  private readonly places = new Map<DeviceBuffer, number>();
  private readonly constants = new Set<DeviceBuffer>();
  private readonly used = new Set<DeviceBuffer>();
  private isGone = false;

  constructor(private readonly pool: BufferPool) {}

  acquire(bytes: number): DeviceBuffer | null {
    const fresh = this.pool.acquire(bytes);
    if (!fresh) return null;
    const kept = this.free.get(fresh.bytes)?.pop();
    if (kept) {
      this.pool.release(fresh);
      kept.asked = bytes;
      this.used.add(kept);
      return kept;
    }
    fresh.arena = this;
    this.places.set(fresh, this.places.size);
    this.used.add(fresh);
    return fresh;
  }

  /** Memory for numbers that are written once, before the step: it is used for nothing else. */
  acquireConstant(bytes: number): DeviceBuffer | null {
    const fresh = this.pool.acquire(bytes);
    if (!fresh) return null;
    fresh.arena = this;
    this.places.set(fresh, this.places.size);
    this.used.add(fresh);
    this.constants.add(fresh);
    return fresh;
  }

  /** Which of its buffers it is, in the order in which the step took them; null for one of others. */
  placeOf(buffer: DeviceBuffer): number | null {
    return this.places.get(buffer) ?? null;
  }

  /** Whether something still uses its memory. */
  get isInUse(): boolean {
    return this.used.size > 0;
  }

  release(buffer: DeviceBuffer): void {
    this.used.delete(buffer);
    if (this.isGone) this.giveBack(buffer);
    else if (buffer.bytes >= LEAST_REUSED && !this.constants.has(buffer)) {
      const kept = this.free.get(buffer.bytes) ?? [];
      kept.push(buffer);
      this.free.set(buffer.bytes, kept);
    }
  }

  /** Gives its memory back; what is still used follows when that is released. */
  dispose(): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const buffer of this.places.keys()) if (!this.used.has(buffer)) this.giveBack(buffer);
  }

  private giveBack(buffer: DeviceBuffer): void {
    buffer.arena = null;
    this.pool.release(buffer);
  }
}
