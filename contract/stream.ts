/**
 * The stream of activations from the data service to a trainer, and from the judge to an encoder. Little
 * endian.
 *
 *   header  8 bytes  "SAESTRM1"
 *           u32      d, numbers in a row
 *           u32      rows of a whole batch
 *   frame   u32      "BTCH" (0x48435442)
 *           u32      rows in this frame (the last one may be smaller)
 *           u64      batch index
 *           f32      rows × d, row by row
 *   end     end of file after a whole frame
 *
 * Through a ring in shared memory, the numbers of a frame lie in a file that both map instead:
 *
 *   header  8 bytes  "SAERING1"
 *           u32, u32 as above
 *           u32      slots of the ring
 *           u32      0
 *   frame   as above without its numbers: those of frame n lie in slot n mod slots, and a slot has the size
 *           of a whole batch
 *
 * In the other direction, the reader writes the number of frames that it has done with, as u64, to a pipe.
 */
const STREAM_MAGIC = 'SAESTRM1';
const RING_MAGIC = 'SAERING1';
export const HEADER_BYTES = 16;
/** What follows the header of a stream whose numbers lie in a ring. */
export const RING_HEADER_BYTES = 8;
export const FREED_BYTES = 8;
export const MAX_SLOTS = 64;
const FRAME_MAGIC = 0x48435442;
export const FRAME_HEADER_BYTES = 16;

export interface StreamHeader {
  /** Numbers in a row. */
  d: number;
  /** Rows of a whole batch. */
  batchRows: number;
}

/** `slots`: of the ring that holds the numbers; without one, they follow in the stream. */
export function encodeStreamHeader({ d, batchRows }: StreamHeader, slots?: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + (slots === undefined ? 0 : RING_HEADER_BYTES));
  bytes.write(slots === undefined ? STREAM_MAGIC : RING_MAGIC, 0, 'latin1');
  bytes.writeUInt32LE(d, 8);
  bytes.writeUInt32LE(batchRows, 12);
  if (slots !== undefined) bytes.writeUInt32LE(slots, HEADER_BYTES);
  return bytes;
}

/**
 * `ring`: whether RING_HEADER_BYTES follow. @throws Error when the bytes are not the header of such a
 * stream.
 */
export function decodeStreamHeader(bytes: Buffer): StreamHeader & { ring: boolean } {
  const magic = bytes.toString('latin1', 0, 8);
  if (bytes.length < HEADER_BYTES || (magic !== STREAM_MAGIC && magic !== RING_MAGIC)) {
    throw new Error(`not a stream of activations (expected it to begin with ${STREAM_MAGIC})`);
  }
  const header = { d: bytes.readUInt32LE(8), batchRows: bytes.readUInt32LE(12) };
  if (header.d === 0 || header.batchRows === 0) throw new Error('stream header with no columns or no rows');
  return { ...header, ring: magic === RING_MAGIC };
}

/** The slots of a ring. @throws Error when there are none, or too many to be meant. */
export function decodeRingHeader(bytes: Buffer): number {
  const slots = bytes.readUInt32LE(0);
  if (slots === 0 || slots > MAX_SLOTS) throw new Error(`damaged stream: a ring of ${slots} slots`);
  return slots;
}

export function encodeFrameHeader(rows: number, batchIndex: number): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
  bytes.writeUInt32LE(FRAME_MAGIC, 0);
  bytes.writeUInt32LE(rows, 4);
  bytes.writeBigUInt64LE(BigInt(batchIndex), 8);
  return bytes;
}

/** @throws Error when the bytes are not a frame header, or the frame is larger than a batch. */
export function decodeFrameHeader(bytes: Buffer, header: StreamHeader): { rows: number; batchIndex: number } {
  if (bytes.readUInt32LE(0) !== FRAME_MAGIC)
    throw new Error('damaged stream: a frame does not begin with BTCH');
  const rows = bytes.readUInt32LE(4);
  if (rows === 0 || rows > header.batchRows) {
    throw new Error(`damaged stream: a frame of ${rows} rows, at most ${header.batchRows} expected`);
  }
  return { rows, batchIndex: Number(bytes.readBigUInt64LE(8)) };
}
