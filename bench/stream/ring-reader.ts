import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  decodeFrameHeader,
  decodeRingHeader,
  FRAME_HEADER_BYTES,
  FREED_BYTES,
  RING_HEADER_BYTES,
  type StreamHeader,
} from '#contract/stream';
import { type BatchReader, readUpTo } from './batches.ts';

/** Descriptors of a ring: its numbers, which are read, and the pipe for the count of freed frames. */
export interface RingEnds {
  data: number;
  freed: number;
}

/** The ends that a text names: "4,5". Null where it names none. */
export function ringEnds(text: string | undefined): RingEnds | null {
  const [, data, freed] = /^(\d+),(\d+)$/.exec(text ?? '') ?? [];
  return data === undefined ? null : { data: Number(data), freed: Number(freed) };
}

/**
 * The batches of a stream whose numbers lie in a ring in shared memory; its header was read. They are seen in
 * place, read-only: a write to them ends the process. The reader owns the descriptors from then on.
 * @throws Error when the ring is not one.
 */
export function openRing(fd: number, header: StreamHeader, ends: RingEnds): BatchReader {
  const own = readUpTo(fd, RING_HEADER_BYTES);
  if (own.length < RING_HEADER_BYTES) throw new Error('damaged stream: it ends in the header of its ring');
  const slots = decodeRingHeader(own);
  const rowBytes = header.d * 4;
  const slotBytes = header.batchRows * rowBytes;
  if (fstatSync(ends.data).size < slots * slotBytes)
    throw new Error(`damaged stream: its ring is smaller than ${slots} batches`);
  const numbers = mapped(ends.data, slots * slotBytes) ?? copied(ends.data, slotBytes);
  const freed = Buffer.alloc(FREED_BYTES);
  let taken = 0;
  let rowsRead = 0;
  let ended = false;
  let closed = false;
  /** Frames whose batch the caller no longer uses. */
  const free = (): void => {
    if (taken === 0) return;
    freed.writeBigUInt64LE(BigInt(taken));
    try {
      writeSync(ends.freed, freed);
    } catch (error) {
      // The writer has sent all that it has, and has gone.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    }
  };
  return {
    header,
    get rowsRead() {
      return rowsRead;
    },
    next() {
      if (closed) throw new Error('the stream of activations is closed');
      if (ended) return null;
      free();
      const bytes = readUpTo(fd, FRAME_HEADER_BYTES);
      if (bytes.length === 0) {
        ended = true;
        return null;
      }
      if (bytes.length < FRAME_HEADER_BYTES)
        throw new Error(`damaged stream: it ends in the middle of a frame, after ${rowsRead} rows`);
      const { rows, batchIndex } = decodeFrameHeader(bytes, header);
      const x = numbers((taken % slots) * slotBytes, rows * rowBytes);
      taken += 1;
      rowsRead += rows;
      return { x, rows, batchIndex };
    },
    close() {
      if (closed) return;
      closed = true;
      for (const end of [fd, ends.data, ends.freed]) closeSync(end);
    },
  };
}

type Numbers = (at: number, bytes: number) => Float32Array;

const [PROT_READ, MAP_SHARED] = [1, 1];

/** The file as memory, by mmap(2) through koffi; null where that is not installed or does not work. */
function mapped(fd: number, bytes: number): Numbers | null {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as {
      load(path: null): { func(declared: string): (...given: unknown[]) => unknown };
      view(pointer: unknown, bytes: number): ArrayBuffer;
      address(pointer: unknown): bigint;
    };
    const mmap = koffi.load(null).func('void *mmap(void *, size_t, int, int, int, int64_t)');
    const pointer = mmap(null, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (BigInt.asIntN(64, koffi.address(pointer)) === -1n) return null;
    const memory = koffi.view(pointer, bytes);
    return (at, length) => new Float32Array(memory, at, length / 4);
  } catch {
    return null;
  }
}

/** Without mmap, a batch is copied into memory of its own. */
function copied(fd: number, slotBytes: number): Numbers {
  const memory = new Uint8Array(slotBytes);
  return (at, length) => {
    for (let done = 0; done < length; ) {
      const bytes = readSync(fd, memory, done, length - done, at + done);
      if (bytes === 0) throw new Error('damaged stream: its ring ends within a batch');
      done += bytes;
    }
    return new Float32Array(memory.buffer, 0, length / 4);
  };
}
