import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openActivations } from './folder.ts';
import { writeDataset } from './testing/shards.ts';

const root = mkdtempSync(join(tmpdir(), 'arrow-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('reads no metadata that is longer than any can be, however long the file is', () => {
  writeDataset(root, [[[[[1, 2]]]]], [1, 2]);
  const head = Buffer.alloc(8, 0xff);
  head.writeUInt32LE(1 << 30, 4);
  const path = join(root, 'data-0.arrow');
  writeFileSync(path, head);
  truncateSync(path, 2 ** 31);
  const before = process.memoryUsage().rss;
  expect(() => openActivations(root)).toThrow(/not an Arrow stream, or cut off: no message at byte 0/);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
});

it.each([0x7fffffff, -1, 40])('reads no list of metadata that says it has %i entries', (entries) => {
  const folder = mkdtempSync(join(root, 'list-'));
  writeDataset(folder, [[[[[1, 2]]], [[[3, 4]]]]], [1, 2]);
  const path = join(folder, 'data-0.arrow');
  const bytes = readFileSync(path);
  const messages: number[] = [];
  for (let at = 0; at + 8 < bytes.length; at += 8)
    if (bytes.readUInt32LE(at) === 0xffffffff) messages.push(at);
  // The second record batch. Its arrays: note; contexts, rows, numbers; token_ids and their numbers.
  const last = messages[messages.length - 1];
  let list = last + 8 + bytes.readUInt32LE(last + 4);
  while (bytes.readInt32LE(list) !== 6) list -= 4;
  bytes.writeInt32LE(entries, list);
  writeFileSync(path, bytes);
  const said = `the Arrow message at byte ${last}, before row 1 (counted from 0), has a list of ${entries} entries`;
  expect(() => openActivations(folder)).toThrow(`${path}: ${said}`);
});
