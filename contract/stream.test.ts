import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFrameHeader,
  decodeRingHeader,
  decodeStreamHeader,
  encodeFrameHeader,
  encodeStreamHeader,
  FRAME_HEADER_BYTES,
  HEADER_BYTES,
  MAX_SLOTS,
  RING_HEADER_BYTES,
} from './stream.ts';

describe('the stream of activations', () => {
  it('gives headers back, for any sizes and any batch index', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.maxSafeNat(),
        fc.option(fc.integer({ min: 1, max: MAX_SLOTS }), { nil: undefined }),
        (d, batchRows, batchIndex, slots) => {
          const bytes = encodeStreamHeader({ d, batchRows }, slots);
          expect(bytes.length).toBe(HEADER_BYTES + (slots === undefined ? 0 : RING_HEADER_BYTES));
          const header = decodeStreamHeader(bytes);
          expect(header).toEqual({ d, batchRows, ring: slots !== undefined });
          if (header.ring) expect(decodeRingHeader(bytes.subarray(HEADER_BYTES))).toBe(slots);
          const frame = encodeFrameHeader(batchRows, batchIndex);
          expect(frame.length).toBe(FRAME_HEADER_BYTES);
          expect(decodeFrameHeader(frame, header)).toEqual({ rows: batchRows, batchIndex });
        },
      ),
    );
  });

  it('refuses what is not such a stream, and frames that cannot be', () => {
    expect(() => decodeStreamHeader(Buffer.from('GARBAGE!........'))).toThrow('not a stream');
    expect(() => decodeStreamHeader(Buffer.alloc(3))).toThrow('not a stream');
    expect(() => decodeStreamHeader(encodeStreamHeader({ d: 0, batchRows: 4 }))).toThrow('no columns');
    const header = { d: 4, batchRows: 8 };
    expect(() => decodeFrameHeader(encodeFrameHeader(9, 0), header)).toThrow('a frame of 9 rows');
    expect(() => decodeFrameHeader(encodeFrameHeader(0, 0), header)).toThrow('a frame of 0 rows');
    expect(() => decodeFrameHeader(Buffer.alloc(16), header)).toThrow('damaged stream');
  });
});
