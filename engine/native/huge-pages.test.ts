import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Pool } from '../embedded/pool.ts';
import { pagesOf } from './huge-pages.ts';
import { openNative } from './open.ts';

const native = openNative(new URL('../embedded/native/kernels.c', import.meta.url), 'auto');
const [flags, setting] = ['/proc/self/smaps', '/sys/kernel/mm/transparent_hugepage/enabled'];
const isHere = native !== null && existsSync(flags) && existsSync(setting);

/** Mappings of this process that are to have huge pages. */
const advised = () => readFileSync(flags, 'utf8').match(/^VmFlags:.* hg\b/gm)?.length ?? 0;

it.skipIf(!isHere)('the shared memory is to have huge pages (SKIP without kernels in C)', async () => {
  const before = advised();
  const pool = new Pool(1, { native });
  expect(advised()).toBeGreaterThan(before);
  await pool.close();
});

it('finds the whole pages of an array', () => {
  const array = new Float32Array(new ArrayBuffer(16 + 4 * 4096), 16);
  const places = [0n, 8192n, 8192n + 16n, 8192n - 16n].map((address) => {
    const { byteOffset, length } = pagesOf(array, address);
    return [byteOffset - 16, length / 4096];
  });
  expect(places).toEqual([
    [0, 4],
    [0, 4],
    [4080, 3],
    [16, 3],
  ]);
  expect(pagesOf(array.subarray(0, 5), 8n)).toHaveLength(0);
});
