import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeFrameHeader, encodeStreamHeader } from '#contract/stream';
import { openStream } from './reader.ts';
import { StreamWriter } from './writer.ts';

const root = mkdtempSync(join(tmpdir(), 'stream-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A stream of the given frames (rows each), d = 3, batches of 4; the numbers count up. */
function written(...frames: number[]): Buffer {
  const path = join(root, 'written');
  const fd = openSync(path, 'w');
  const writer = new StreamWriter(fd, { d: 3, batchRows: 4 });
  let next = 0;
  frames.forEach((rows, index) => {
    const x = Float32Array.from({ length: rows * 3 }, () => next++);
    const bytes = Buffer.concat([encodeFrameHeader(rows, index + 7), Buffer.from(x.buffer)]);
    writer.send({ bytes, rows });
  });
  closeSync(fd);
  expect(writer.rows).toBe(frames.reduce((a, b) => a + b, 0));
  expect(writer.frames).toBe(frames.length);
  return readFileSync(path);
}

function read(bytes: Uint8Array): { rows: number[]; indices: number[]; numbers: number[]; rowsRead: number } {
  const path = join(root, 'read');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  const reader = openStream(fd);
  const out = { rows: [] as number[], indices: [] as number[], numbers: [] as number[], rowsRead: 0 };
  try {
    for (let batch = reader.next(); batch; batch = reader.next()) {
      out.rows.push(batch.rows);
      out.indices.push(batch.batchIndex);
      out.numbers.push(...batch.x);
    }
    expect(reader.next()).toBeNull();
    return { ...out, rowsRead: reader.rowsRead };
  } finally {
    reader.close();
  }
}

describe('the stream of activations', () => {
  it('comes out as it went in, more frames than are read ahead, the last one smaller', () => {
    const frames = [4, 4, 4, 4, 4, 4, 4, 4, 4, 2];
    expect(read(written(...frames))).toEqual({
      rows: frames,
      indices: frames.map((_, i) => i + 7),
      numbers: Array.from({ length: 38 * 3 }, (_, i) => i),
      rowsRead: 38,
    });
  });

  it('may hold nothing but its header', () => {
    expect(read(encodeStreamHeader({ d: 3, batchRows: 4 })).rows).toEqual([]);
  });

  it.each([
    ['no stream', Buffer.from('something else altogether'), /not a stream of activations/],
    ['an empty file', Buffer.alloc(0), /empty: its writer ended at once/],
    ['an end within a frame', written(4, 4).subarray(0, -5), /ends in the middle of a frame, after 4 rows/],
    [
      'an end within a frame header',
      written(4).subarray(0, 20),
      /ends in the middle of a frame, after 0 rows/,
    ],
    ['a frame that is none', Buffer.concat([written(4), Buffer.alloc(16)]), /does not begin with BTCH/],
    [
      'a frame larger than a batch',
      Buffer.concat([written(4), encodeFrameHeader(5, 1), Buffer.alloc(60)]),
      /a frame of 5 rows, at most 4/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
  });
});
