import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  decodeFrameHeader,
  decodeStreamHeader,
  FRAME_HEADER_BYTES,
  HEADER_BYTES,
  type StreamHeader,
} from '#contract/stream';
import { type BatchReader, readUpTo } from './batches.ts';
import { openRing, type RingEnds, ringEnds } from './ring-reader.ts';

/** Frames that are read ahead. */
const SLOTS = 4;
const STATE_WORDS = 8;
// Words of the shared state, as in reader-worker.mjs.
const FILLED = 0;
const FREED = 1;
const END = 2;
const ERRNO = 3;
const CLOSED = 4;

export type { BatchReader };

/**
 * Opens a stream of activations (contract/stream.ts) on a file descriptor: a pipe, a socket or a file. A
 * thread reads ahead while the caller computes; the thread never keeps the process alive. The writer may put
 * the numbers into the ring whose descriptors $LOOP_RING_FDS names beside $LOOP_DATA_FD. The reader owns the
 * descriptors from then on: no other code may close them.
 * @throws Error when the descriptor does not begin such a stream.
 */
export function openStream(fd: number, ends: RingEnds | null = ringBeside(fd)): BatchReader {
  const { ring, ...header } = readHeader(fd);
  if (ring) {
    if (!ends) throw new Error('the numbers of this stream lie in a ring in memory that is not shared here');
    return openRing(fd, header, ends);
  }
  const slotBytes = FRAME_HEADER_BYTES + header.batchRows * header.d * 4;
  const shared = new SharedArrayBuffer(STATE_WORDS * 4 + SLOTS * slotBytes);
  const state = new Int32Array(shared, 0, STATE_WORDS);
  const blocking = fstatSync(fd).isFIFO() && poke(fd, false);
  const worker = new Worker(new URL('./reader-worker.mjs', import.meta.url), {
    workerData: {
      fd,
      shared,
      slots: SLOTS,
      slotBytes,
      rowBytes: header.d * 4,
      frameHeaderBytes: FRAME_HEADER_BYTES,
      stateWords: STATE_WORDS,
      blocking,
    },
    execArgv: [],
    env: {},
    // The worker closes a file that it did not open, and Node would warn of that.
    trackUnmanagedFds: false,
  });
  worker.unref();
  let taken = 0;
  let rowsRead = 0;
  let holding = false;
  let closed = false;

  /** Ends the thread; a thread that is blocked in read(2) needs a byte to read first. */
  const stop = (): void => {
    Atomics.store(state, CLOSED, 1);
    Atomics.notify(state, CLOSED);
    Atomics.notify(state, FREED);
    if (!blocking) void worker.terminate();
    else if (Atomics.load(state, END) === 0) poke(fd, true);
  };
  // Node waits for its threads before it exits.
  process.on('exit', stop);

  const release = (): void => {
    if (!holding) return;
    holding = false;
    Atomics.store(state, FREED, taken);
    Atomics.notify(state, FREED);
  };

  return {
    header,
    get rowsRead() {
      return rowsRead;
    },
    next() {
      if (closed) throw new Error('the stream of activations is closed');
      release();
      while (Atomics.load(state, FILLED) <= taken) {
        const end = Atomics.load(state, END);
        // Checked again: a frame may have come in before the end was noted.
        if (end !== 0 && Atomics.load(state, FILLED) <= taken) {
          if (end === 1) return null;
          throw new Error(
            end === 2
              ? `damaged stream: it ends in the middle of a frame, after ${rowsRead} rows`
              : `the stream of activations cannot be read (error ${Atomics.load(state, ERRNO)})`,
          );
        }
        Atomics.wait(state, FILLED, taken, 100);
      }
      const at = STATE_WORDS * 4 + (taken % SLOTS) * slotBytes;
      const { rows, batchIndex } = decodeFrameHeader(Buffer.from(shared, at, FRAME_HEADER_BYTES), header);
      taken++;
      rowsRead += rows;
      holding = true;
      return {
        x: new Float32Array(shared, at + FRAME_HEADER_BYTES, rows * header.d),
        rows,
        batchIndex,
      };
    },
    close() {
      if (closed) return;
      closed = true;
      process.off('exit', stop);
      if (blocking) worker.once('exit', () => closeSync(fd));
      stop();
    },
  };
}

/**
 * Opens the write end of the pipe that is read, which Linux allows, and writes a byte to it, so that a
 * blocked read returns. With `really` false it only tests whether that is possible here.
 */
function poke(fd: number, really: boolean): boolean {
  try {
    const end = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      if (really) writeSync(end, Buffer.alloc(1));
    } finally {
      closeSync(end);
    }
    return true;
  } catch {
    // The pipe is full (then no read is blocked), or this is not possible.
    return false;
  }
}

function ringBeside(fd: number, env = process.env): RingEnds | null {
  return env.LOOP_DATA_FD === String(fd) ? ringEnds(env.LOOP_RING_FDS) : null;
}

function readHeader(fd: number): StreamHeader & { ring: boolean } {
  const bytes = readUpTo(fd, HEADER_BYTES);
  if (bytes.length < HEADER_BYTES)
    throw new Error('the stream of activations is empty: its writer ended at once');
  return decodeStreamHeader(bytes);
}
