import { writeSync } from 'node:fs';
import { encodeStreamHeader, type StreamHeader } from '#contract/stream';

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a stream of activations (contract/stream.ts) to a file descriptor, synchronously: a slow reader holds the
 * writer.
 */
export class StreamWriter {
  /** Rows and frames that have left whole. */
  rows = 0;
  frames = 0;

  constructor(
    private readonly fd: number,
    header: StreamHeader,
  ) {
    this.write(encodeStreamHeader(header));
  }

  /** Sends a frame with its header. @throws an error with code EPIPE once the reader has gone. */
  send(frame: { bytes: Uint8Array; rows: number }): void {
    this.write(frame.bytes);
    this.rows += frame.rows;
    this.frames++;
  }

  private write(bytes: Uint8Array): void {
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
