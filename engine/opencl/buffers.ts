/** Memory of the device. */
export interface DeviceBuffer {
  readonly handle: number;
  /** Its size, which may be more than was asked for. */
  readonly bytes: number;
  /** The bytes that were asked for last. */
  asked: number;
  /** The handle as a kernel's argument. */
  readonly argument: BigUint64Array;
  /** The recorded step whose memory it is; none for most. */
  arena?: { release(buffer: DeviceBuffer): void } | null;
  /** Told when a step that is replayed has changed it. */
  overwritten?: (() => void) | null;
}

/** What makes and frees memory of the device. */
export interface Allocator {
  /** Null where there is no memory left. */
  create(bytes: number): number | null;
  free(handle: number): void;
}

/** The smallest block; kernels may read whole vectors to its end. */
const LEAST = 256;

/**
 * Buffers of the device that are used again: creating one takes longer than a kernel. A buffer may be given
 * back while kernels that use it are queued, since the queue runs in order.
 */
export class BufferPool {
  private readonly free = new Map<number, DeviceBuffer[]>();
  /** Bytes of all buffers, those in use and those that wait. */
  private total = 0;
  private waiting = 0;

  constructor(private readonly allocator: Allocator) {}

  /** Bytes that tensors use, and bytes taken from the device. */
  get bytes(): { used: number; taken: number } {
    return { used: this.total - this.waiting, taken: this.total };
  }

  /** A buffer of at least that size; null where the device has no memory left. Its content is undefined. */
  acquire(bytes: number): DeviceBuffer | null {
    const size = roundedUp(bytes);
    const kept = this.free.get(size)?.pop();
    if (kept) {
      this.waiting -= size;
      kept.asked = bytes;
      return kept;
    }
    const handle = this.allocator.create(size) ?? this.createAfterFreeing(size);
    if (handle === null) return null;
    this.total += size;
    return { handle, bytes: size, asked: bytes, argument: BigUint64Array.of(BigInt(handle)) };
  }

  release(buffer: DeviceBuffer): void {
    buffer.overwritten = null;
    const kept = this.free.get(buffer.bytes) ?? [];
    kept.push(buffer);
    this.free.set(buffer.bytes, kept);
    this.waiting += buffer.bytes;
  }

  private createAfterFreeing(size: number): number | null {
    for (const kept of this.free.values()) for (const { handle } of kept) this.allocator.free(handle);
    this.free.clear();
    this.total -= this.waiting;
    this.waiting = 0;
    return this.allocator.create(size);
  }
}

/** Sizes come in steps of a quarter of a power of two, so that buffers of nearly one size are shared. */
function roundedUp(bytes: number): number {
  if (bytes <= LEAST) return LEAST;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}
