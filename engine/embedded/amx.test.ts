import { afterAll, describe, expect, it } from 'vitest';
import { openNative } from '../native/open.ts';
import { isInstalled } from '../packages.ts';
import { uniform } from '../random.ts';
import { openAmx } from './amx.ts';
import type { Product } from './dense-product.ts';
import { isEqual, multiply } from './gemm.ts';
import { Pool } from './pool.ts';

const isHere = process.platform === 'linux' && process.arch === 'x64' && isInstalled('koffi');
const native = isHere ? openNative(new URL('./native/kernels.c', import.meta.url), 'auto') : null;
const pools = [1, 3].map((threads) => new Pool(threads, { native }));
const [one, three] = pools.map((pool) => ({ pool, heap: pool.heap, blas: openAmx(pool) }));
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

const INTEL = 'flags\t\t: avx2 fma amx_bf16 amx_tile';

it('is for processors with tiles of bfloat16, and systems that allow them', () => {
  const asked: string[] = [];
  const fake = (level: 'avx512' | 'avx2', answer: number) => {
    const func = (declaration: string) => () => {
      asked.push(declaration);
      return answer;
    };
    return { native: { label: '', level, path: '', func } } as unknown as Pool;
  };
  expect(openAmx(fake('avx512', 0), INTEL)).toMatchObject({ label: 'AMX', instead: null, isAffine: true });
  expect(asked).toHaveLength(1);
  expect(openAmx(fake('avx512', -22), INTEL)).toBeNull();
  for (const cpuinfo of ['', INTEL.replace('amx_bf16', 'amx_int8'), INTEL.replace(' amx_tile', '')]) {
    expect(openAmx(fake('avx512', 0), cpuinfo)).toBeNull();
  }
  expect(openAmx(fake('avx2', 0), INTEL)).toBeNull();
  expect(asked).toHaveLength(2);
});

describe.skipIf(one.blas === null)('products by AMX (SKIP without it)', () => {
  const numbers = (count: number, seed: number) => {
    const next = uniform(seed);
    return Float32Array.from({ length: count }, () => (2 * next() - 1) * 2 ** Math.floor(20 * next() - 10));
  };

  /** The product of two matrices, given as they are or as transposes, between numbers that must stay. */
  function by(
    backend: typeof one,
    a: Float32Array,
    b: Float32Array,
    product: Product,
    factors?: Float32Array[],
  ) {
    const { heap } = backend;
    const { m, n } = product;
    const GUARD = 16;
    const room = (size: number) => heap.floats(heap.allocate(4 * size), size);
    const [left, right, c] = [a.length, b.length, m * n + 2 * GUARD].map(room);
    const places = (factors ?? []).map((values) => {
      const at = room(values.length);
      at.set(values);
      return at;
    });
    left.set(a);
    right.set(b);
    c.fill(7);
    const [bias = 0, scale = 0] = places.map((at) => at.byteOffset);
    multiply(backend, left, right, c.subarray(GUARD, -GUARD), product, { bias, scale });
    const result = c.slice();
    for (const view of [left, right, c, ...places]) heap.release(view.byteOffset);
    expect([...result.subarray(0, GUARD), ...result.subarray(-GUARD)]).toEqual(Array(2 * GUARD).fill(7));
    return result.slice(GUARD, -GUARD);
  }

  /** Σ of the terms of c[i, j], and Σ of their magnitudes. */
  function exact(a: Float32Array, b: Float32Array, product: Product, i: number, j: number) {
    const { m, n, k, transposeA, transposeB } = product;
    let [sum, magnitude] = [0, 0];
    for (let l = 0; l < k; l++) {
      const term = a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
      sum += term;
      magnitude += Math.abs(term);
    }
    return { sum, magnitude };
  }

  // Ragged in every direction, one part of the columns and two, one part of the terms and three.
  const sizes = [
    [64, 512, 256],
    [33, 300, 1_000],
    [100, 1_000, 97],
    [1, 4_096, 2_100],
    [513, 17, 1_537],
  ] as const;
  const flips = [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({ transposeA, transposeB })),
  );

  it.each(sizes)('%i rows, %i columns, %i terms: as exact as float32, in all transpositions', (m, n, k) => {
    const [a, b] = [numbers(m * k, 1), numbers(k * n, 2)];
    const [bias, scale] = [numbers(n, 3), numbers(n, 4)];
    for (const flip of flips) {
      const product = { m, n, k, ...flip };
      const plain = by(one, a, b, product);
      const affine = by(one, a, b, product, [bias, scale]);
      for (let at = 0; at < m * n; at += Math.ceil((m * n) / 500)) {
        const [i, j] = [Math.floor(at / n), at % n];
        const { sum, magnitude } = exact(a, b, product, i, j);
        expect(Math.abs(plain[at] - sum)).toBeLessThan(1e-6 * magnitude);
        expect(affine[at]).toBe(Math.fround(Math.fround(plain[at] + bias[j]) * scale[j]));
      }
      expect(by(three, a, b, product)).toEqual(plain);
    }
  });

  it('is nearer to the exact product than the other kernels, at the size of an encode', () => {
    const product = { m: 64, n: 2_048, k: 768, transposeA: false, transposeB: false };
    const [a, b] = [numbers(64 * 768, 5), numbers(768 * 2_048, 6)];
    const errors = [by(one, a, b, product), by({ ...one, blas: null }, a, b, product)].map((c) => {
      let sum = 0;
      for (let at = 0; at < c.length; at += 97) {
        const want = exact(a, b, product, Math.floor(at / product.n), at % product.n);
        sum += ((c[at] - want.sum) / want.magnitude) ** 2;
      }
      return sum;
    });
    expect(errors[0]).toBeLessThan(errors[1]);
  });

  it('has every bit of numbers that need them', () => {
    // Each product alone, so that no sum rounds: a number of 24 bits times a power of two.
    const k = 256;
    const a = new Float32Array(k * k);
    const b = numbers(k * k, 7);
    for (let i = 0; i < k; i++) a[i * k + i] = 2 ** ((i % 40) - 20);
    const c = by(one, a, b, { m: k, n: k, k, transposeA: false, transposeB: false });
    for (let at = 0; at < c.length; at++) {
      const want = a[Math.floor(at / k) * (k + 1)] * b[at];
      expect(Math.abs(c[at] - want)).toBeLessThanOrEqual(2 ** -23 * Math.abs(want));
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -3.4028234663852886e38])(
    'leaves a product with %d to the other kernels',
    (odd) => {
      const product = { m: 64, n: 512, k: 300, transposeA: false, transposeB: false };
      const [a, b] = [numbers(64 * 300, 8), numbers(300 * 512, 9)];
      const usual = by(one, a, b, product);
      for (const operand of [a, b]) {
        const before = operand[1_234];
        operand[1_234] = odd;
        const [got, want] = [by(three, a, b, product), by({ ...three, blas: null }, a, b, product)];
        expect(got).toEqual(want);
        operand[1_234] = before;
      }
      expect(by(three, a, b, product)).toEqual(usual);
    },
  );

  it('equals our product, and is left if it does not', () => {
    for (const { pool, blas } of [one, three]) {
      if (blas === null) throw new Error('there is no AMX');
      expect(isEqual(pool, blas)).toBe(true);
      const wrong: typeof blas = {
        ...blas,
        multiply: (a, b, c, product) => {
          blas.multiply(a, b, c, product);
          c[product.n + 1] += 0.1;
        },
      };
      expect(isEqual(pool, wrong)).toBe(false);
    }
  });
});
