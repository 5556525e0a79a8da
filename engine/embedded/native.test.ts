import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { levels, levelsOf } from '../native/levels.ts';
import { openNative } from '../native/open.ts';
import { isInstalled } from '../packages.ts';
import { uniform } from '../random.ts';
import type { Product } from './dense-product.ts';
import { isEqualInWasm, multiply } from './gemm.ts';
import { Pool } from './pool.ts';
import { readCpuinfo } from './processor.ts';
import { sparseTimesDense, sumOfTransposed, type Term } from './products.ts';
import { sumByStrips } from './strips.ts';

// Kernels in C give the same bits as those of WebAssembly, on one thread and on three.
const source = new URL('./native/kernels.c', import.meta.url);
const isHere = process.platform === 'linux' && process.arch === 'x64' && isInstalled('koffi');
const here = isHere ? levelsOf(readCpuinfo()) : [];
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

/**
 * Numbers, a number, or the addresses of other operands (at the places `isRaw`, words as they are), or room
 * of so many bytes, whose words do not matter afterwards.
 */
type Operand =
  | Float32Array
  | Uint32Array
  | Uint8Array
  | number
  | { of: number[]; isRaw?: number[] }
  | { room: number };

/**
 * The words that a kernel leaves in its operands, each in a block of its own between guards. An array stands
 * for its address. NaN is one NaN: processors differ in its bits.
 */
function after(pool: Pool, name: string, items: number, operands: readonly Operand[]): Uint32Array[] {
  const { heap } = pool;
  const GUARD = 16;
  const blocks = operands.map((operand) => {
    if (typeof operand === 'number') return null;
    const isRoom = 'room' in operand;
    const bytes = isRoom ? operand.room : 'of' in operand ? 4 * operand.of.length : operand.byteLength;
    const size = Math.ceil(bytes / 4) + 2 * GUARD;
    const at = heap.allocate(4 * size);
    const words = heap.words(at, size).fill(0xabcdef);
    if (!isRoom && !('of' in operand)) {
      const from = new Uint8Array(operand.buffer, operand.byteOffset, operand.byteLength);
      heap.bytes(at + 4 * GUARD, bytes).set(from);
    }
    return { at: at + 4 * GUARD, words, isFloat: operand instanceof Float32Array, isRoom };
  });
  const parameters = operands.map((operand, i) =>
    typeof operand === 'number' ? operand : (blocks[i]?.at ?? 0),
  );
  for (const [i, operand] of operands.entries()) {
    if (typeof operand === 'object' && 'of' in operand)
      blocks[i]?.words.set(
        operand.of.map((word, at) => (operand.isRaw?.includes(at) ? word : parameters[word])),
        GUARD,
      );
  }
  // Declares much work per item, so that all threads take part.
  pool.run(name, items, 1 << 20, ...parameters);
  return blocks.flatMap((block) => {
    if (!block) return [];
    const words = Uint32Array.from(block.words);
    if (block.isFloat)
      for (const [i, word] of words.entries()) if ((word & 0x7fffffff) > 0x7f800000) words[i] = 1;
    if (block.isRoom) words.fill(0, GUARD, -GUARD);
    heap.release(block.at - 4 * GUARD);
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

it('notices kernels that give other numbers', async () => {
  const names = ['packLeft', 'product'];
  const func = (declaration: string) =>
    declaration.includes('kernel_name') ? (i: unknown) => names[Number(i)] ?? null : () => {};
  const idle = new Pool(1, { native: { label: 'idle', level: 'avx2', path: '', func } });
  expect(isEqualInWasm(idle)).toBe(false);
  for (const [, pool] of pools) expect(isEqualInWasm(pool)).toBe(true);
  await idle.close();
});

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
    for (const size of [1, 3, 4, 30, 61, 1000, 4099, (1 << 19) + 7]) {
      const [weights, gradient, first] = [1, 2, 3].map((seed) => numbers(size, seed, size < 100));
      const second = numbers(size, 4).map(Math.abs);
      const settings = [0.5, 0.9, 0.999, 1 - 0.9, 1 - 0.999, 1e-3, 0.7, 1e-8];
      const out = new Float32Array(size);
      expectSame('adam', Math.ceil(size / 64), weights, gradient, first, second, out, size, 64, ...settings);
    }
  });

  it('transposes', () => {
    for (const rows of [1, 7, 16, 50, 130]) {
      for (const columns of sizes) {
        const a = numbers(rows * columns, rows);
        expectSame('transpose', Math.ceil(rows / 16), a, rows, columns, new Float32Array(rows * columns));
      }
    }
    // Results that are stored past the caches, and one whose rows are not whole lines.
    for (const [rows, columns] of [
      [768, 700],
      [528, 1000],
      [700, 768],
    ]) {
      const a = numbers(rows * columns, rows);
      expectSame('transpose', Math.ceil(rows / 16), a, rows, columns, new Float32Array(rows * columns));
    }
  });

  it('sums of columns and rows', () => {
    for (const n of [...sizes, 130]) {
      for (const rows of [1, 2, 5, 9]) {
        const size = rows * n - (n > 2 ? 2 : 0);
        for (const odd of [true, false]) {
          const a = numbers(rows * n, n, odd);
          expectSame('sumColumns', Math.ceil(n / 64), a, rows, n, new Float32Array(n));
          const v = numbers(n, n + 1, odd);
          expectSame('rowDots', rows, a, v, n, new Float32Array(rows));
          for (const name of ['sumOfRows', 'squaresOfRows'])
            expectSame(name, rows, a.subarray(0, size), size, n, new Float32Array(rows));
        }
      }
    }
  });

  it('unit rows, with their gradients', () => {
    for (const n of [...sizes, 720]) {
      for (const [rows, odd] of [
        [1, true],
        [7, false],
        [9, true],
        // Unit rows that are stored past the caches.
        ...(n > 700 ? ([[800, true]] as const) : []),
      ] as const) {
        const [a, b] = [numbers(rows * n, n, odd), numbers(rows * n, n + 1, odd)];
        const [out, few, dy] = [new Float32Array(rows * n), new Float32Array(rows), numbers(rows, 3, odd)];
        // Below some of the norms.
        const floor = 0.5 * Math.sqrt(n);
        expectSame('unitRows', rows, a, n, floor, out, few);
        const norms = Float32Array.from({ length: rows }, (_, i) => floor * (1 + (i % 3)));
        expectSame('unitRowsGradient', rows, a, norms, b, dy, n, floor, out);
      }
    }
  });

  it('combinations of matrices and rows, with weights of the rows and without', () => {
    const rows = 70;
    for (const n of [...sizes, 65, 130, 400]) {
      for (const odd of [true, false]) {
        const operands = [0, 1, 2].map((i) => numbers(i === 1 ? n : rows * n, n + i, odd));
        const weights = numbers(rows, n + 4, odd);
        // Behind the numbers of each kernel: operands, weights.
        const words = (first: number) => [
          { of: [first, 4 * n, first + 1, 0, first + 2, 4 * n], isRaw: [1, 3, 5] },
          3,
          { of: [0, first + 3], isRaw: [0] },
          2,
        ];
        const constants = numbers(12, n + 5, odd);
        const common = (first: number) => [...words(first), constants, { room: 4 * 3 * rows }] as const;
        const outs = [new Float32Array(rows * n), new Float32Array(rows * n)];
        const all = [...operands, weights];
        expectSame('combine', rows, ...common(11), { of: [9, 10] }, 2, n, ...outs, ...all);
        // Its two combinations are all operands, and the first alone.
        const sums = [new Float32Array(rows), new Float32Array(rows)];
        const some = [
          { of: [9, 4 * n], isRaw: [1] },
          { of: [0], isRaw: [0] },
        ];
        const list = { of: [3, 3, 4, 2, 5, 6, 13, 7, 1, 8, 1, 5, 6, 14], isRaw: [1, 3, 8, 10] };
        const [table, , lists, , numbersOf, room] = common(9);
        const blocks = [table, lists, numbersOf, room, ...some, ...all, ...sums];
        expectSame('combinationSquares', rows, list, 2, n, ...blocks);
        expectSame('combinationColumns', 2, ...common(9), rows, n, new Float32Array(2 * n), ...all);
      }
    }
  });

  it('sparse products, by rows and at the non-zeros, in bands', () => {
    for (const n of [...sizes, 200, 768]) {
      for (const share of [0, 0.1, 0.9]) {
        const [rows, columns] = n === 17 ? [7, 600] : [7, 40];
        const a = sparse(rows, columns, share, n);
        const { offsets, indices, values } = a;
        const W = numbers(columns * n, n, n < 20);
        for (const bands of [1, 3]) {
          const bandOf = bands > 1 ? Uint8Array.from({ length: columns }, (_, j) => j % bands) : 0;
          const outs = Array.from({ length: bands }, () => new Float32Array(rows * n));
          const parts = Array.from({ length: bands }, (_, band) => numbers(rows * n, band, n < 20));
          const places = (from: number) => ({ of: outs.map((_, i) => from + i) });
          expectSame('sparseRows', rows, offsets, indices, values, bandOf, bands, places(8), W, n, ...outs);
          const dots = new Float32Array(indices.length);
          expectSame('sparseDots', rows, offsets, indices, bandOf, places(7), W, n, dots, ...parts);
        }
      }
    }
  });

  it('sparse products by strips, of a matrix and of its transpose', () => {
    for (const n of [...sizes, 130, 200]) {
      for (const share of [0, 0.1, 0.9]) {
        const [rows, columns] = n === 17 ? [7, 600] : [9, 45];
        const a = { rows, ...sparse(rows, columns, share, n) };
        const W = numbers(columns * n, n, n < 20);
        const flipped = W.map((_, at) => W[(at % columns) * n + Math.floor(at / columns)]);
        const want = new Float32Array(rows * n + 1).fill(7);
        sumOf(wasm, W, want, (pool, right, out) =>
          sparseTimesDense({ pool, heap: pool.heap }, a, right, n, [out], undefined),
        );
        for (const [, pool] of pools) {
          for (const [right, isFlipped] of [
            [W, false],
            [flipped, true],
          ] as const) {
            const got = new Float32Array(rows * n + 1).fill(7);
            sumOf(pool, right, got, (own, view, out) =>
              sumByStrips({ pool: own, heap: own.heap }, a, view, n, out, isFlipped),
            );
            expect(firstOther(got, want)).toBe(-1);
          }
        }
      }
    }
  });

  it('sums of products with the transposes of sparse matrices, in bands, and their transposes', () => {
    // Results of 1,000 columns and more are stored past the caches, where their rows are whole lines.
    const large = [
      [1000, 544],
      [1008, 540],
      [1008, 544],
    ];
    for (const n of [...sizes, 200, 540, 544, 768, 800]) {
      for (const [columns, share] of [
        ...[
          [40, 0],
          [33, 0.1],
          [7, 0.9],
        ],
        ...large.filter(([, wide]) => wide === n).map(([columns]) => [columns, 0.2]),
      ]) {
        // More terms of a column than are summed at a time.
        const rows = n === 17 ? 600 : 7;
        const bandOf = Uint8Array.from({ length: columns }, (_, j) => j % 3);
        const terms = [undefined, bandOf].map((bands, i) => ({
          codes: { rows, ...sparse(rows, columns, share, n + i) },
          parts: Array.from({ length: bands ? 3 : 1 }, (_, part) => numbers(rows * n, part, n < 20)),
          bandOf: bands,
        }));
        for (const some of [terms.slice(0, 1), terms]) {
          for (const isFlipped of [false, true]) {
            const want = columnSums(wasm, some, columns, n, isFlipped);
            for (const [, pool] of pools)
              expect(firstOther(columnSums(pool, some, columns, n, isFlipped), want)).toBe(-1);
          }
        }
      }
    }
  });

  it('the search for large numbers, and their histogram', () => {
    for (const size of [...sizes, 1000]) {
      for (const least of [0.5, 0, Number.NaN]) {
        const blocks = Math.ceil(size / 50);
        const [found, counts, bits] = [size, blocks, size].map((count) => new Uint32Array(count));
        const values = numbers(size, size);
        expectSame('above', blocks, values, size, 50, least, found, counts, bits);
        expectSame('above', blocks, values, size, 50, least, found, counts, 0);
        expectSame('histogram', blocks, values, size, 50, new Uint32Array(1024 * blocks));
        const [positions, patterns] = [0, 1000].map((first) =>
          Uint32Array.from({ length: 50 * blocks }, (_, i) => first + i),
        );
        const starts = Uint32Array.from({ length: blocks + 1 }, (_, i) => 37 * i - Math.min(i, 20));
        const joined = [new Uint32Array(starts[blocks]), new Uint32Array(starts[blocks])];
        expectSame('joinBlocks', blocks, positions, patterns, 50, starts, ...joined);
      }
    }
  });

  it('products of any size, in all four transpositions, with bias and scale and without', () => {
    const size = fc.integer({ min: 1, max: 70 });
    const depth = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(383, 384, 385, 800));
    fc.assert(
      fc.property(size, fc.oneof(size, fc.integer({ min: 71, max: 300 })), depth, (m, n, k) => {
        const [a, b] = [numbers(m * k, m), numbers(k * n, n)];
        for (const transposeA of [false, true]) {
          for (const transposeB of [false, true]) {
            const shape = { m, n, k, transposeA, transposeB };
            for (const [bias, scale] of [
              [false, false],
              [true, false],
              [false, true],
              [true, true],
            ]) {
              const want = product(wasm, a, b, shape, bias, scale);
              for (const [, pool] of pools)
                expect(firstOther(product(pool, a, b, shape, bias, scale), want)).toBe(-1);
            }
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
      const want = product(wasm, a, b, shape, true, true);
      for (const [, pool] of pools) expect(firstOther(product(pool, a, b, shape, true, true), want)).toBe(-1);
    }
  });
});

/** Where the first number stands that is another one, the sign of 0 included; -1 if there is none. */
const firstOther = (a: Float32Array, b: Float32Array): number => a.findIndex((x, i) => !Object.is(x, b[i]));

function product(
  pool: Pool,
  a: Float32Array,
  b: Float32Array,
  shape: Product,
  hasBias: boolean,
  hasScale: boolean,
): Float32Array {
  const { heap } = pool;
  const size = shape.m * shape.n;
  const factors = [numbers(shape.n, 5), numbers(shape.n, 6)];
  const all = [a, b, ...factors, new Float32Array(size + 1).fill(7)];
  const blocks = all.map(({ byteLength }) => heap.allocate(byteLength));
  const views = all.map((values, i) => heap.floats(blocks[i], values.length));
  for (const [i, values] of all.entries()) views[i].set(values);
  const [left, right, bias, scale, out] = views;
  const affine = { bias: hasBias ? bias.byteOffset : 0, scale: hasScale ? scale.byteOffset : 0 };
  // With a number behind the result, which stays.
  multiply({ pool, heap, blas: null }, left, right, out.subarray(0, size), shape, affine);
  const result = Float32Array.from(out);
  for (const block of blocks) heap.release(block);
  return result;
}

/** Sets all but the last number of `out` by `use`, which gets copies of `right` and of it. */
function sumOf(
  pool: Pool,
  right: Float32Array,
  out: Float32Array,
  use: (pool: Pool, right: Float32Array, out: Float32Array) => void,
): void {
  const { heap } = pool;
  const views = [right, out].map((values) => heap.floats(heap.allocate(values.byteLength), values.length));
  views[0].set(right);
  views[1].set(out);
  use(pool, views[0], views[1].subarray(0, out.length - 1));
  out.set(views[1]);
  for (const { byteOffset } of views) heap.release(byteOffset);
}

/** The sum of products, with a number behind it that stays. */
function columnSums(pool: Pool, terms: readonly Term[], columns: number, n: number, isFlipped: boolean) {
  const { heap } = pool;
  const blocks: number[] = [];
  const there = (values: Float32Array) => {
    blocks.push(heap.allocate(values.byteLength));
    const view = heap.floats(blocks[blocks.length - 1], values.length);
    view.set(values);
    return view;
  };
  const own = terms.map((term) => ({ ...term, parts: term.parts.map(there) }));
  const out = there(new Float32Array(columns * n + 1).fill(7));
  sumOfTransposed({ pool, heap }, own, columns, n, out.subarray(0, columns * n), isFlipped);
  const result = Float32Array.from(out);
  for (const block of blocks) heap.release(block);
  return result;
}

/** A random matrix by rows of its non-zeros; a `share` of its numbers is not 0. */
function sparse(rows: number, columns: number, share: number, seed: number) {
  const next = uniform(seed);
  const cells = Array.from({ length: rows * columns }, (_, at) => at).filter(() => next() < share);
  return {
    offsets: Uint32Array.from(
      { length: rows + 1 },
      (_, row) => cells.filter((cell) => cell < row * columns).length,
    ),
    indices: Uint32Array.from(cells, (cell) => cell % columns),
    values: numbers(cells.length, seed, seed < 20),
  };
}
