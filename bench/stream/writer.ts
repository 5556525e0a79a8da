import { writeSync } from 'node:fs';
import { encodeFrameHeader, encodeStreamHeader, FRAME_HEADER_BYTES } from '#contract/stream';

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a stream of activations (contract/stream.ts) to a file descriptor, synchronously: a slow reader holds the
 * writer. `batch` is where the caller puts the next frame's rows, so that nothing is copied on the way.
 */
export class StreamWriter {
  /** [batchRows, d], to be filled before `send`. */
  readonly batch: Float32Array;
  /** Rows and frames that have left whole. */
  rows = 0;
  frames = 0;
  private readonly frame: Buffer;

  constructor(
    private readonly fd: number,
    private readonly d: number,
    batchRows: number,
  ) {
    this.frame = Buffer.from(new ArrayBuffer(FRAME_HEADER_BYTES + batchRows * d * 4));
    this.batch = new Float32Array(this.frame.buffer, FRAME_HEADER_BYTES, batchRows * d);
    this.write(encodeStreamHeader({ d, batchRows }));
  }

  /** Sends the first `rows` rows of `batch`. @throws an error with code EPIPE once the reader has gone. */
  send(rows: number, batchIndex: number): void {
    encodeFrameHeader(rows, batchIndex).copy(this.frame);
    this.write(this.frame.subarray(0, FRAME_HEADER_BYTES + rows * this.d * 4));
    this.rows += rows;
    this.frames++;
  }

  private write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.fd, bytes, done, bytes.length - done);
      } catch (error) {
        // A pipe that somebody set not to block is full: look again in a millisecond.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        Atomics.wait(sleeper, 0, 0, 1);
      }
    }
  }
}
