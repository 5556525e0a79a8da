import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { uniform } from '../random.ts';
import { findBlas, needsOpenMp } from './blas.ts';
import type { Blas } from './dense-product.ts';
import { isFasterAndEqual, multiply } from './gemm.ts';
import { SharedHeap } from './heap.ts';
import { Pool } from './pool.ts';

const blas = findBlas(2);

afterEach(() => vi.unstubAllEnvs());

it.skipIf(!blas)('OpenBLAS multiplies in shared memory, in all four transpositions (SKIP without it)', () => {
  const [m, n, k] = [30, 20, 50];
  const heap = new SharedHeap(64);
  const next = uniform(1);
  const [a, b, c] = [m * k, k * n, m * n].map((size) => heap.floats(heap.allocate(4 * size), size));
  for (const view of [a, b]) for (let i = 0; i < view.length; i++) view[i] = next() - 0.5;
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      blas?.multiply(a, b, c, { m, n, k, transposeA, transposeB });
      for (const [i, j] of [
        [0, 0],
        [29, 19],
        [7, 11],
      ]) {
        let want = 0;
        for (let l = 0; l < k; l++) {
          want += a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
        }
        expect(c[i * n + j]).toBeCloseTo(want, 5);
      }
    }
  }
  expect(blas?.label).toMatch(/^OpenBLAS \d/);
});

it.skipIf(!blas)('leaves the processor to OPENBLAS_CORETYPE where it is set (SKIP without it)', () => {
  vi.stubEnv('OPENBLAS_CORETYPE', 'Prescott');
  const newer = vi.fn(() => 'Haswell');
  expect(findBlas(1, undefined, newer)?.instead).toBeNull();
  expect(newer).not.toHaveBeenCalled();
});

it('passes over a library that needs OpenMP, and over what is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blas-'));
  const path = join(folder, 'libopenblas.so.0');
  try {
    writeFileSync(path, '\x7fELF libm.so.6');
    expect(needsOpenMp(path)).toBe(false);
    expect(findBlas(1, [folder])).toBeNull();
    writeFileSync(path, '\x7fELF libm.so.6 libgomp.so.1');
    expect(needsOpenMp(path)).toBe(true);
    expect(findBlas(1, [folder])).toBeNull();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const pool = new Pool(1);
const right: Blas['multiply'] = (a, b, c, product) =>
  multiply({ pool, heap: pool.heap, blas: null }, a, b, c, product);

/** Whether a library is taken that multiplies so, where the clock gives it and ours these milliseconds. */
function isTaken(by: Blas['multiply'], theirs: number[], ours: number[]): boolean {
  const times = [...theirs, ...ours];
  let clock = 0;
  let readings = 0;
  // It is read before and after each product.
  const now = () => {
    if (readings++ % 2 === 1) clock += times.shift() ?? Number.NaN;
    return clock;
  };
  const taken = isFasterAndEqual(pool, { label: 'fake', instead: 'older', multiply: by }, now);
  expect(times).toEqual([]);
  return taken;
}

it('takes a product that equals ours and is faster at its best, and no other', () => {
  expect(isTaken(right, [9, 9, 1], [2, 2, 2])).toBe(true);
  expect(isTaken(right, [9, 9, 3], [9, 2, 9])).toBe(false);
  expect(isTaken(right, [2, 2, 2], [2, 2, 2])).toBe(false);
  expect(isTaken((_a, _b, c) => void c.fill(1), [1, 1, 1], [2, 2, 2])).toBe(false);
});
