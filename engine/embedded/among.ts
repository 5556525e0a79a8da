import { withCopies } from './copies.ts';
import type { Pool } from './pool.ts';

/** Words before the room of the threads (native/room.h). */
const CONTROL_WORDS = 64;

/**
 * Of each row of `values` [rows, n] the `indices.length / rows` largest of those in these columns, which
 * ascend: writes their columns and values. By the kernel in C: native/among.h.
 */
export function takeLargestAmong(
  { pool, heap }: { pool: Pool; heap: Pool['heap'] },
  values: Float32Array,
  rows: number,
  columns: Uint32Array,
  { indices, values: kept }: { indices: Uint32Array; values: Float32Array },
): void {
  const count = columns.length;
  const scratch = heap.allocate(4 * (CONTROL_WORDS + count * pool.threads));
  heap.words(scratch, CONTROL_WORDS).fill(0);
  withCopies(heap, [indices, kept], [columns], (toIndices, toValues, from) => {
    const matrix = [values.byteOffset, values.length / rows];
    const selection = [from, count, indices.length / rows, toIndices, toValues];
    pool.run('largestAmong', rows, 8 * count, ...matrix, ...selection, scratch, pool.threads);
  });
  heap.release(scratch);
}
