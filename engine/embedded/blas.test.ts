import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { uniform } from '../random.ts';
import { findBlas, needsOpenMp } from './blas.ts';
import type { Blas } from './dense-product.ts';
import { isFasterAndEqual } from './gemm.ts';
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

it('takes a product that equals ours and is faster, and no other', () => {
  const pool = new Pool(1);
  const ours = new Float32Array(256 * 512);
  const fake = (multiply: Blas['multiply']): Blas => ({ label: 'fake', instead: 'older', multiply });
  expect(
    isFasterAndEqual(
      pool,
      fake(() => {}),
    ),
  ).toBe(false);
  const right = fake((a, b, c, { m, n, k }) => {
    if (ours[0] === 0) {
      for (let i = 0; i < m; i++)
        for (let l = 0; l < k; l++)
          for (let j = 0; j < n; j++) ours[i * n + j] += a[i * k + l] * b[l * n + j];
    }
    c.set(ours);
  });
  // From the second time on it is the time of a copy.
  expect(isFasterAndEqual(pool, right)).toBe(true);
  const slow = fake((a, b, c, product) => {
    right.multiply(a, b, c, product);
    const end = performance.now() + 300;
    while (performance.now() < end);
  });
  expect(isFasterAndEqual(pool, slow)).toBe(false);
});
