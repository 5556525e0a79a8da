import type { Numbers } from '../opencl/launch.ts';
import { check } from './errors.ts';
import type { Events } from './events.ts';
import { cudaLibrary } from './library.ts';

/** A step brings two arrays, and this process is at most two steps ahead. */
const BLOCKS = 4;

interface Block {
  address: number;
  bytes: Uint8Array;
  /** The end of the last copy from it. */
  event: bigint;
}

/**
 * Memory of this process that the device reads by itself: numbers are copied there at once, and from there to
 * the device while this process goes on.
 */
export class Pinned {
  private readonly library = cudaLibrary();
  private readonly blocks: Block[];
  private next = 0;

  constructor(private readonly events: Events) {
    this.blocks = Array.from({ length: BLOCKS }, () => ({
      ...{ address: 0, bytes: new Uint8Array(0), event: events.awaited() },
    }));
  }

  /** Queues a copy to an address of the device. Returns the event of its end. */
  send(to: number, from: Numbers, stream: number): bigint {
    const { cuda } = this.library;
    const size = from.byteLength;
    const block = this.block(size);
    block.bytes.set(new Uint8Array(from.buffer, from.byteOffset, size));
    check(cuda.memcpyPinnedToDAsync(to, block.address, size, stream), 'writing');
    this.events.record(block.event, stream);
    return block.event;
  }

  /** The next block, once nothing is copied from it any more, with room for that many bytes. */
  private block(size: number): Block {
    const { cuda, view } = this.library;
    this.next = (this.next + 1) % BLOCKS;
    const block = this.blocks[this.next];
    check(cuda.eventSynchronize(Number(block.event)), 'writing');
    if (block.bytes.length >= size) return block;
    if (block.address !== 0) check(cuda.memFreeHost(block.address), 'the release of memory');
    const address = new BigUint64Array(1);
    check(cuda.memHostAlloc(address, size, 0), `${size} bytes that the device reads by itself`);
    block.address = Number(address[0]);
    block.bytes = new Uint8Array(view(block.address, size));
    return block;
  }
}
