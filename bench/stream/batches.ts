import { readSync } from 'node:fs';
import type { StreamHeader } from '#contract/stream';

export interface Batch {
  /** [rows, d], row by row. The reader's memory: valid until the next call of `next`. */
  x: Float32Array;
  rows: number;
  batchIndex: number;
}

export interface BatchReader {
  readonly header: StreamHeader;
  /** Rows handed out so far. */
  readonly rowsRead: number;
  /**
   * The next batch, waiting for it; null at the end. @throws Error when the stream is damaged or ends in
   * mid-frame.
   */
  next(): Batch | null;
  /** Stops reading ahead and closes the descriptor, so that the writer notices. */
  close(): void;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Reads that many bytes, or fewer at the end of the stream; waits in the kernel. */
export function readUpTo(fd: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let have = 0;
  while (have < length) {
    try {
      const more = readSync(fd, bytes, have, length - have, null);
      if (more === 0) break;
      have += more;
    } catch (error) {
      // Another process has made the pipe non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
  return bytes.subarray(0, have);
}
