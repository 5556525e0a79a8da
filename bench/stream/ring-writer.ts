import { UserError } from '#contract/errors';
import { encodeStreamHeader, FRAME_HEADER_BYTES, FREED_BYTES, type StreamHeader } from '#contract/stream';
import { readUpTo } from './batches.ts';
import type { RingEnds } from './ring-reader.ts';
import { blockingEnd, type Sink, writeWhole } from './writer.ts';

/** Bytes that a ring may take: Docker gives a container 64 MiB of shared memory. */
const MOST_BYTES = 48 << 20;
const MOST_SLOTS = 8;
/** With fewer, reader and writer wait for each other. */
const LEAST_SLOTS = 3;

/**
 * Writes a stream whose numbers lie in a ring in shared memory (contract/stream.ts). A slow reader blocks the
 * writer, as does a full pipe. The reader is not trusted: its only word is the count of freed frames, which
 * has to rise by one each time.
 */
export class RingWriter implements Sink {
  rows = 0;
  frames = 0;

  private freed = 0;
  private readonly fd: number;

  private constructor(
    fd: number,
    private readonly ends: RingEnds,
    private readonly slots: number,
    private readonly slotBytes: number,
    header: StreamHeader,
  ) {
    this.fd = blockingEnd(fd);
    writeWhole(this.fd, encodeStreamHeader(header, slots));
  }

  /** Null where the ring would be too large or its memory is not there: then the pipe carries the numbers. */
  static open(fd: number, header: StreamHeader, ends: RingEnds): RingWriter | null {
    const slotBytes = header.batchRows * header.d * 4;
    const slots = Math.min(MOST_SLOTS, Math.floor(MOST_BYTES / slotBytes));
    if (slots < LEAST_SLOTS) return null;
    try {
      // Written and not only sized: a reader of memory that the system does not have is killed.
      const zeros = Buffer.alloc(slotBytes);
      for (let slot = 0; slot < slots; slot++) writeWhole(ends.data, zeros, slot * slotBytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return null;
      throw error;
    }
    return new RingWriter(fd, ends, slots, slotBytes, header);
  }

  /** Sends a frame with its header. @throws an error with code EPIPE once the reader has gone. */
  send({ bytes, rows }: { bytes: Uint8Array; rows: number }): void {
    while (this.frames - this.freed >= this.slots) this.hearFreed();
    writeWhole(
      this.ends.data,
      bytes.subarray(FRAME_HEADER_BYTES),
      (this.frames % this.slots) * this.slotBytes,
    );
    writeWhole(this.fd, bytes.subarray(0, FRAME_HEADER_BYTES));
    this.rows += rows;
    this.frames += 1;
  }

  /** Waits for the reader to be done with another frame. */
  private hearFreed(): void {
    const bytes = readUpTo(this.ends.freed, FREED_BYTES);
    if (bytes.length < FREED_BYTES) throw Object.assign(new Error('the reader has gone'), { code: 'EPIPE' });
    const count = bytes.readBigUInt64LE();
    if (count !== BigInt(this.freed + 1))
      throw new UserError(
        `the reader of the stream says that it freed ${count} frames after ${this.freed}; it ends here`,
        1,
      );
    this.freed += 1;
  }
}
