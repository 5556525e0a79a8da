import type { SparseCodes } from '#contract/codes';
import { withCopies } from './copies.ts';
import type { Pool } from './pool.ts';

/*
 * Products with few non-zeros by strips of the dense matrix, which are packed: native/strips.h. A strip of
 * all rows stays in the L2 cache while all non-zeros are gone through; whole rows come from the L3 cache.
 */

/** Numbers of a row of a strip, as in native/strips.h. */
const STRIP_WIDE = 64;
/** Bytes of a strip that the L2 cache of a core holds. */
const MOST_BYTES = 3 << 19;
/** A smaller matrix is in that cache as a whole. */
const LEAST_BYTES = 1 << 20;
/** Non-zeros for each row that is packed, which takes as long as reading it a time or two. */
const LEAST_NON_ZEROS = 2;
/** Words before the room of the threads. */
const CONTROL_WORDS = 64;

/** Whether products with a matrix of so many rows of n numbers take less time so. */
export const isForStrips = ({ native, threads }: Pool, rows: number, n: number, nonZeros: number): boolean =>
  native !== null &&
  threads <= CONTROL_WORDS &&
  4 * STRIP_WIDE * rows <= MOST_BYTES &&
  4 * n * rows > LEAST_BYTES &&
  nonZeros >= LEAST_NON_ZEROS * rows;

/** out[i, :] = Σ_j a[i, j] · W[j, :], of W [columns, n], or if it is given as its transpose [n, columns]. */
export function sumByStrips(
  { pool, heap }: { pool: Pool; heap: Pool['heap'] },
  a: SparseCodes,
  W: Float32Array,
  n: number,
  out: Float32Array,
  isFlipped: boolean,
): void {
  const columns = W.length / n;
  const strips = Math.ceil(n / STRIP_WIDE);
  // Each item packs its strip: a few threads have enough strips, and have them for themselves.
  const blocks = Math.max(1, Math.ceil((2 * pool.threads) / strips));
  const items = strips * blocks;
  const work = (n * a.indices.length) / items;
  const scratch = heap.allocate(4 * (CONTROL_WORDS + STRIP_WIDE * columns * pool.threads));
  heap.words(scratch, CONTROL_WORDS).fill(0);
  withCopies(heap, [], [a.offsets, a.indices, a.values], (...pointers) => {
    const shape = [n, a.rows, columns, Number(isFlipped), blocks];
    const room = [scratch, pool.threads];
    pool.run('stripSums', items, work, ...pointers, W.byteOffset, out.byteOffset, ...shape, ...room);
  });
  heap.release(scratch);
}
