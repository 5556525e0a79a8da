import type { Level } from '../native/levels.ts';
import { type Affine, type Blas, NONE, type Product } from './dense-product.ts';
import type { SharedHeap } from './heap.ts';
import type { Pool } from './pool.ts';

/** What a product uses of the backend. */
interface Multiplier {
  pool: Pool;
  heap: SharedHeap;
  blas: Blas | null;
}

/** Block sizes, as in kernels/gemm.as. */
const PANEL = 8;
const ROWS = 96;
const COLUMNS = 512;
const STRIP = 16;
/** The work of one fused multiply-add, in the numbers that Pool.run counts. */
const MULTIPLY_WORK = 1 / 8;
/**
 * Products up to this size, those of the profile `small`, use the embedded kernels, so that it gives the same
 * numbers with a library and without.
 */
const MOST_WITHOUT_BLAS = 1 << 23;

/**
 * c [m, n] = (a · b + bias) · scale of matrices in the backend's memory, each given as its transpose or not;
 * by the backend's library if it has one and the product is large.
 */
export function multiply(
  backend: Multiplier,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  product: Product,
  affine = NONE,
): void {
  const { pool, blas } = backend;
  const isLarge = product.m * product.n * product.k > MOST_WITHOUT_BLAS;
  if (pool.native && !(blas && isLarge)) {
    multiplyInC(backend, pool.native.level, a, b, c, product, affine);
    return;
  }
  if (blas && isLarge) {
    blas.multiply(a, b, c, product, affine);
    if (blas.isAffine) return;
  } else multiplyInWasm(backend, a, b, c, product);
  applyAffine(backend, c, product.m, affine);
}

/** c = (c + bias) · scale in place, for a matrix of `rows` rows. */
export function applyAffine(
  { pool }: Pick<Multiplier, 'pool'>,
  c: Float32Array,
  rows: number,
  { bias, scale }: Affine,
): void {
  const columns = c.length / rows;
  if (bias || scale) pool.run('affine', rows, columns, c.byteOffset, bias, scale, columns, c.byteOffset);
}

function multiplyInWasm(
  backend: Multiplier,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  { m, n, k, transposeA, transposeB }: Product,
): void {
  const { pool, heap } = backend;
  const panels = Math.ceil(n / PANEL);
  const packed = heap.allocate(4 * panels * PANEL * k);
  const flipped = transposeA ? heap.allocate(4 * m * k) : 0;
  if (transposeA) transposeInto(backend, a.byteOffset, k, m, flipped);
  const left = transposeA ? flipped : a.byteOffset;
  const pack = transposeB ? 'packPanelsTransposed' : 'packPanels';
  pool.run(pack, panels, PANEL * k, b.byteOffset, k, n, packed);
  const blocks = Math.ceil(m / ROWS) * Math.ceil(n / COLUMNS);
  const work = Math.min(m, ROWS) * Math.min(n, COLUMNS) * k * MULTIPLY_WORK;
  pool.run('multiply', blocks, work, left, packed, c.byteOffset, m, n, k);
  heap.release(packed);
  if (transposeA) heap.release(flipped);
}

/** Sizes of native/product.h: rows of a tile by level, terms and columns of packed right operands. */
const PRODUCT = { rows: { avx512: 14, avx2: 6 }, depth: 384, columns: 128 };
/** An item has all rows where there are so many items then, and else at least so many tiles of rows. */
const ITEMS = 32;
const TILES = 12;
const CONTROL_WORDS = 64;

/** The same numbers by kernels in C, bit for bit. */
function multiplyInC(
  { pool, heap }: Multiplier,
  level: Level,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  { m, n, k, transposeA, transposeB }: Product,
  { bias, scale }: Affine,
): void {
  const rows = PRODUCT.rows[level];
  const panels = Math.ceil(m / rows);
  const across = Math.ceil(n / PRODUCT.columns);
  const down = Math.max(1, Math.min(Math.ceil(ITEMS / across), Math.floor(panels / TILES)));
  const high = rows * Math.ceil(panels / down);
  const packed = heap.allocate(4 * rows * panels * k);
  const scratch = heap.allocate(4 * (CONTROL_WORDS + pool.threads * PRODUCT.depth * PRODUCT.columns));
  heap.words(scratch, CONTROL_WORDS).fill(0);
  pool.run('packLeft', panels, rows * k, a.byteOffset, m, k, Number(transposeA), packed);
  const work = Math.min(m, high) * Math.min(n, PRODUCT.columns) * k * MULTIPLY_WORK;
  const operands = [packed, b.byteOffset, c.byteOffset, m, n, k, Number(transposeB), high];
  pool.run('product', Math.ceil(m / high) * across, work, ...operands, scratch, pool.threads, bias, scale);
  heap.release(packed);
  heap.release(scratch);
}

/** Writes the transpose of the [rows, columns] matrix at `from` to `to`. */
export function transposeInto(
  { pool }: Pick<Multiplier, 'pool'>,
  from: number,
  rows: number,
  columns: number,
  to: number,
): void {
  pool.run('transpose', Math.ceil(rows / STRIP), STRIP * columns, from, rows, columns, to);
}

/** Among the smaller products that go to OpenBLAS: it takes a millisecond. */
const TRIAL = { m: 256, n: 512, k: 256, transposeA: false, transposeB: false };
const TRIALS = 3;

/** Whether a product by this library equals ours. */
export function isEqual(pool: Pool, blas: Blas): boolean {
  return withTrial(pool, (a, b, own, theirs) => {
    multiply({ pool, heap: pool.heap, blas: null }, a, b, own, TRIAL);
    multiply({ pool, heap: pool.heap, blas }, a, b, theirs, TRIAL);
    return isNear(own, theirs);
  });
}

const isNear = (own: Float32Array, theirs: Float32Array): boolean =>
  own.every((value, i) => Math.abs(value - theirs[i]) <= 1e-4 * (1 + Math.abs(value)));

/** Whether a product by this library equals ours, and takes less time by the clock `now`, in milliseconds. */
export function isFasterAndEqual(pool: Pool, blas: Blas, now = () => performance.now()): boolean {
  return withTrial(pool, (a, b, own, theirs) => {
    const timeOf = (by: Blas | null, out: Float32Array) => {
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < TRIALS; i++) {
        const started = now();
        multiply({ pool, heap: pool.heap, blas: by }, a, b, out, TRIAL);
        least = Math.min(least, now() - started);
      }
      return least;
    };
    const isFaster = timeOf(blas, theirs) < timeOf(null, own);
    return isFaster && isNear(own, theirs);
  });
}

/** Whether a product by the pool's kernels in C has the bits that it has by those in WebAssembly. */
export function isEqualInWasm(pool: Pool): boolean {
  return withTrial(pool, (a, b, own, theirs) => {
    const backend = { pool, heap: pool.heap, blas: null };
    multiply(backend, a, b, own, TRIAL);
    multiplyInWasm(backend, a, b, theirs, TRIAL);
    return own.every((value, i) => value === theirs[i]);
  });
}

/** Calls `use` with two matrices for the trial and room for two products. */
function withTrial<T>({ heap }: Pool, use: (...matrices: Float32Array[]) => T): T {
  const { m, n, k } = TRIAL;
  const blocks = [m * k, k * n, m * n, m * n].map((size) => ({ size, at: heap.allocate(4 * size) }));
  const matrices = blocks.map(({ at, size }) => heap.floats(at, size));
  for (const view of matrices.slice(0, 2)) {
    for (let i = 0; i < view.length; i++) view[i] = ((i * 7919) % 1013) / 1013 - 0.5;
  }
  try {
    return use(...matrices);
  } finally {
    for (const { at } of blocks) heap.release(at);
  }
}
