import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
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
