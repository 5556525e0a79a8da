import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { encodeStreamHeader, type StreamHeader } from '#contract/stream';

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Where frames go, each with its header. */
export interface Sink {
  /** Rows and frames that were written completely. */
  readonly rows: number;
  readonly frames: number;
  send(frame: { bytes: Uint8Array; rows: number }): void;
}

/**
 * Writes a stream of activations (contract/stream.ts) to a file descriptor, synchronously: a slow reader
 * blocks the writer.
 */
export class StreamWriter implements Sink {
  rows = 0;
  frames = 0;

  private readonly fd: number;

  constructor(fd: number, header: StreamHeader) {
    this.fd = blockingEnd(fd);
    writeWhole(this.fd, encodeStreamHeader(header));
  }

  /** Sends a frame with its header. @throws an error with code EPIPE once the reader has gone. */
  send(frame: { bytes: Uint8Array; rows: number }): void {
    writeWhole(this.fd, frame.bytes);
    this.rows += frame.rows;
    this.frames++;
  }
}

/** Writes all of it, at `position` of a file; waits in the kernel for a pipe. */
export function writeWhole(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      const at = position === null ? null : position + done;
      done += writeSync(fd, bytes, done, bytes.length - done, at);
    } catch (error) {
      // A socket, or a pipe that could not be opened again, is full: try again in a millisecond.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

/**
 * Returns a descriptor for the same pipe whose writes block. Node makes standard output non-blocking as
 * soon as code touches `process.stdout`, and polling a full pipe every millisecond costs three quarters of
 * its speed.
 */
export function blockingEnd(fd: number): number {
  if (!fstatSync(fd).isFIFO()) return fd;
  const path = `/proc/self/fd/${fd}`;
  let reader: number | undefined;
  try {
    // Opening a pipe for writing waits for a reader, and the real reader may have ended.
    reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return openSync(path, constants.O_WRONLY);
  } catch {
    // Only Linux opens a pipe again.
    return fd;
  } finally {
    if (reader !== undefined) closeSync(reader);
  }
}
