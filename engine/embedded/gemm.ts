import type { EmbeddedBackend } from './backend.ts';

/** Block sizes, as in kernels/gemm.as. */
const PANEL = 8;
const ROWS = 96;
const COLUMNS = 512;
const STRIP = 16;
/** The work of one fused multiply-add, in the numbers that Pool.run counts. */
const MULTIPLY_WORK = 1 / 8;
/**
 * Smaller products use the embedded kernels, so that a small world gives the same numbers with OpenBLAS and
 * without.
 */
const MIN_FOR_BLAS = 1 << 26;

export interface Product {
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  transposeB: boolean;
}

/**
 * c [m, n] = a · b of matrices in the backend's memory, each given as its transpose or not; by OpenBLAS if
 * there is one and the product is large.
 */
export function multiply(
  backend: EmbeddedBackend,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  product: Product,
): void {
  const { m, n, k, transposeA, transposeB } = product;
  const { pool, heap, blas } = backend;
  if (blas && m * n * k >= MIN_FOR_BLAS) {
    blas.multiply(a, b, c, product);
    return;
  }
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

/** Writes the transpose of the [rows, columns] matrix at `from` to `to`. */
export function transposeInto(
  { pool }: EmbeddedBackend,
  from: number,
  rows: number,
  columns: number,
  to: number,
): void {
  pool.run('transpose', Math.ceil(rows / STRIP), STRIP * columns, from, rows, columns, to);
}
