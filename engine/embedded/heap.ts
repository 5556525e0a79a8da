// Node has WebAssembly; TypeScript declares its types only in the library for browsers.
declare const WebAssembly: { Memory: new (options: object) => SharedMemory };

export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

const PAGE = 1 << 16;
const MAX_PAGES = 1 << 16;
/** The bytes of a memory that has grown as far as it can. */
export const MOST_BYTES = MAX_PAGES * PAGE;
/** The memory grows by at least this many bytes: each growth costs a system call. */
const GROWTH = 16 << 20;
/** Alignment of every block in bytes: one cache line, so that threads do not share one. */
const ALIGNMENT = 64;

interface Block {
  start: number;
  end: number;
}

/**
 * Allocates blocks of one shared WebAssembly memory of at most 4 GiB. Pointers are byte offsets that can
 * exceed 2³¹, so `|` and `&` must not be used on them. Growing makes a new buffer object; views of the old
 * one stay valid, since the bytes are the same.
 */
export class SharedHeap {
  readonly memory: SharedMemory;
  private readonly buffers = new WeakSet<ArrayBufferLike>();
  private buffer: SharedArrayBuffer;
  /** Free blocks in order of address; adjacent ones are merged. */
  private readonly free: Block[] = [];
  private readonly sizes = new Map<number, number>();

  /** @param reserved bytes at the start that are never allocated. */
  constructor(reserved: number) {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
    this.buffer = this.memory.buffer;
    this.buffers.add(this.buffer);
    this.free.push({ start: Math.ceil(reserved / ALIGNMENT) * ALIGNMENT, end: PAGE });
  }

  /** Bytes that are allocated. */
  get used(): number {
    let sum = 0;
    for (const size of this.sizes.values()) sum += size;
    return sum;
  }

  /**
   * Allocates a block of at least so many bytes and returns its pointer. @throws RangeError if 4 GiB are not
   * enough.
   */
  allocate(bytes: number): number {
    const size = Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
    let at = this.free.findIndex(({ start, end }) => end - start >= size);
    if (at < 0) {
      this.grow(size);
      at = this.free.length - 1;
    }
    const block = this.free[at];
    const pointer = block.start;
    block.start += size;
    if (block.start === block.end) this.free.splice(at, 1);
    this.sizes.set(pointer, size);
    return pointer;
  }

  release(pointer: number): void {
    const size = this.sizes.get(pointer);
    if (size === undefined) throw new Error(`no block begins at ${pointer}`);
    this.sizes.delete(pointer);
    this.giveBack({ start: pointer, end: pointer + size });
  }

  /** Whether these numbers lie in the memory, so that `view.byteOffset` is a pointer. */
  holds(view: ArrayBufferView): boolean {
    return this.buffers.has(view.buffer);
  }

  floats(pointer: number, count: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.buffer, pointer, count);
  }

  words(pointer: number, count: number): Uint32Array<SharedArrayBuffer> {
    return new Uint32Array(this.buffer, pointer, count);
  }

  bytes(pointer: number, count: number): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.buffer, pointer, count);
  }

  private grow(bytes: number): void {
    const before = this.buffer.byteLength;
    this.memory.grow(Math.ceil(Math.max(bytes, GROWTH) / PAGE));
    this.buffer = this.memory.buffer;
    this.buffers.add(this.buffer);
    this.giveBack({ start: before, end: this.buffer.byteLength });
  }

  private giveBack(block: Block): void {
    const { free } = this;
    let [low, high] = [0, free.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (free[middle].start < block.start) low = middle + 1;
      else high = middle;
    }
    free.splice(low, 0, block);
    this.join(low);
    if (low > 0) this.join(low - 1);
  }

  /** Merges a free block and the next one if they are adjacent. */
  private join(at: number): void {
    const [block, next] = [this.free[at], this.free[at + 1]];
    if (!next || block.end !== next.start) return;
    block.end = next.end;
    this.free.splice(at + 1, 1);
  }
}
