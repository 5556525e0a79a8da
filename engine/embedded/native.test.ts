import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { levels, levelsOf } from '../native/levels.ts';
import { openNative } from '../native/open.ts';
import { uniform } from '../random.ts';
import { multiply, type Product } from './gemm.ts';
import { Pool } from './pool.ts';
import { readCpuinfo } from './processor.ts';

// Kernels in C give the same bits as those of WebAssembly, on one thread and on three.
const source = new URL('./native/kernels.c', import.meta.url);
const here = process.platform === 'linux' && process.arch === 'x64' ? levelsOf(readCpuinfo()) : [];
const wasm = new Pool(1, { build: 'relaxed' });
const pools = here.flatMap((level) =>
  [1, 3].map((threads) => [level, new Pool(threads, { native: openNative(source, level) })] as const),
);
afterAll(() => Promise.all([wasm, ...pools.map(([, pool]) => pool)].map((pool) => pool.close())));

/** Numbers between -1 and 1, among them zeros of both signs, NaN, infinities and numbers near zero. */
function numbers(count: number, seed: number, odd = true): Float32Array {
  const next = uniform(seed);
  const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-42];
  return Float32Array.from({ length: count }, () =>
    odd && next() < 0.1 ? special[Math.floor(next() * special.length)] : 2 * next() - 1,
  );
}

type Operand = Float32Array | Uint32Array | number;

/**
 * The words that a kernel leaves in its operands, each in a block of its own between guards. An array stands
 * for its address. NaN is one NaN: processors differ in its bits.
 */
function after(pool: Pool, name: string, items: number, operands: readonly Operand[]): Uint32Array[] {
  const { heap } = pool;
  const GUARD = 16;
  const blocks = operands.map((operand) => {
    if (typeof operand === 'number') return null;
    const size = operand.length + 2 * GUARD;
    const at = heap.allocate(4 * size);
    const words = heap.words(at, size).fill(0xabcdef);
    words.set(new Uint32Array(operand.buffer, operand.byteOffset, operand.length), GUARD);
    return { at, words, isFloat: operand instanceof Float32Array };
  });
  const parameters = operands.map((operand, i) => {
    const block = blocks[i];
    return block ? block.at + 4 * GUARD : (operand as number);
  });
  // Declares much work per item, so that all threads take part.
  pool.run(name, items, 1 << 20, ...parameters);
  return blocks.flatMap((block) => {
    if (!block) return [];
    const words = Uint32Array.from(block.words);
    if (block.isFloat)
      for (const [i, word] of words.entries()) if ((word & 0x7fffffff) > 0x7f800000) words[i] = 1;
    heap.release(block.at);
    return [words];
  });
}

/** Expects the same bits of all pools as of WebAssembly. */
function expectSame(name: string, items: number, ...operands: Operand[]): void {
  const want = after(wasm, name, items, operands);
  for (const [level, pool] of pools) {
    const got = after(pool, name, items, operands);
    for (const [i, words] of got.entries()) {
      const at = words.findIndex((word, j) => word !== want[i][j]);
      expect(at, `${name} on ${level}, ${pool.threads} threads: operand ${i} differs at ${at - 16}`).toBe(-1);
    }
  }
}

it.skipIf(here.length === 0)('the library is for these levels (SKIP without AVX2)', () => {
  expect(levels).toEqual(expect.arrayContaining(here));
  expect(fileURLToPath(source)).toMatch(/kernels\.c$/);
});

describe.skipIf(here.length === 0)('the same bits as WebAssembly (SKIP without AVX2)', () => {
  const sizes = [1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 64, 100];

  it.each(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference'])('%s', (name) => {
    for (const n of sizes) {
      const rows = 5;
      const size = rows * n - (n > 1 ? 1 : 0);
      const [full, row, column] = [numbers(size, n), numbers(n, n + 1), numbers(rows, n + 2)];
      const out = new Float32Array(size);
      expectSame(name, rows, full, numbers(size, n + 3), out, size, n, 4 * n, 4 * n, 1, 1);
      expectSame(name, rows, full, row, out, size, n, 4 * n, 0, 1, 1);
      expectSame(name, rows, full, column, out, size, n, 4 * n, 4, 1, 0);
      expectSame(name, rows, column, full, out, size, n, 4, 4 * n, 0, 1);
    }
  });

  it.each(['neg', 'square', 'squareRoot', 'abs', 'relu'])('%s', (name) => {
    for (const size of [...sizes, 1000]) {
      expectSame(name, Math.ceil(size / 24), numbers(size, size), new Float32Array(size), size, 24);
    }
  });

  it('affine, with and without bias and scale', () => {
    for (const n of sizes) {
      const [h, bias, scale] = [numbers(5 * n, n), numbers(n, n + 1), numbers(n, n + 2)];
      const out = new Float32Array(5 * n);
      expectSame('affine', 5, h, bias, scale, n, out);
      expectSame('affine', 5, h, 0, scale, n, out);
      expectSame('affine', 5, h, bias, 0, n, out);
    }
  });

  it('adam, in place and not', () => {
    for (const size of [1, 3, 4, 30, 61, 1000, 4099]) {
      const [weights, gradient, first] = [1, 2, 3].map((seed) => numbers(size, seed, size < 100));
      const second = numbers(size, 4).map(Math.abs);
      const settings = [0.5, 0.9, 0.999, 1 - 0.9, 1 - 0.999, 1e-3, 0.7, 1e-8];
      const out = new Float32Array(size);
      expectSame('adam', Math.ceil(size / 64), weights, gradient, first, second, out, size, 64, ...settings);
    }
  });

  it('products of any size, in all four transpositions', () => {
    const size = fc.integer({ min: 1, max: 70 });
    const depth = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(383, 384, 385, 800));
    fc.assert(
      fc.property(size, fc.oneof(size, fc.integer({ min: 71, max: 300 })), depth, (m, n, k) => {
        const [a, b] = [numbers(m * k, m), numbers(k * n, n)];
        for (const transposeA of [false, true]) {
          for (const transposeB of [false, true]) {
            const shape = { m, n, k, transposeA, transposeB };
            const want = product(wasm, a, b, shape);
            for (const [, pool] of pools) expect(product(pool, a, b, shape)).toEqual(want);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('products of many blocks, also of rows', () => {
    for (const [m, n, k] of [
      [600, 130, 390],
      [200, 1000, 33],
    ]) {
      const [a, b] = [numbers(m * k, 1, false), numbers(k * n, 2, false)];
      const shape = { m, n, k, transposeA: false, transposeB: true };
      const want = product(wasm, a, b, shape);
      for (const [, pool] of pools) expect(product(pool, a, b, shape)).toEqual(want);
    }
  });
});

function product(pool: Pool, a: Float32Array, b: Float32Array, shape: Product): Float32Array {
  const { heap } = pool;
  const size = shape.m * shape.n;
  const blocks = [a.length, b.length, size + 1].map((count) => heap.allocate(4 * count));
  const [left, right, out] = [a.length, b.length, size + 1].map((count, i) => heap.floats(blocks[i], count));
  left.set(a);
  right.set(b);
  // With a number behind the result, which stays.
  out.fill(7);
  multiply({ pool, heap, blas: null }, left, right, out.subarray(0, size), shape);
  const result = Float32Array.from(out);
  for (const block of blocks) heap.release(block);
  return result;
}
