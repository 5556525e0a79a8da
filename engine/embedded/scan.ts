import type { EmbeddedBackend } from './backend.ts';

const BLOCK = 1 << 16;

/**
 * Positions of the values that are NaN or greater than `least`, ascending; if `least` is NaN, of the values
 * that are not 0. Null if there are more than `limit`.
 */
export function positionsAbove(
  { pool, heap }: EmbeddedBackend,
  values: Float32Array,
  least: number,
  limit: number,
): Uint32Array | null {
  const size = values.length;
  const blocks = Math.ceil(size / BLOCK);
  const countsAt = heap.allocate(4 * blocks);
  // Room for all positions; the unused part is never touched.
  const positions = heap.allocate(4 * size);
  pool.run('above', blocks, BLOCK, values.byteOffset, size, BLOCK, least, positions, countsAt);
  const counts = Array.from(heap.words(countsAt, blocks));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const found = total > limit ? null : new Uint32Array(total);
  let at = 0;
  for (const [i, count] of counts.entries()) {
    found?.set(heap.words(positions + 4 * BLOCK * i, count), at);
    at += count;
  }
  heap.release(positions);
  heap.release(countsAt);
  return found;
}

const BINS = 1024;
const BIN_SHIFT = 21;

/**
 * A number that at least `count` of the positive values exceed, and not many more; 0 if fewer than `count`
 * are positive.
 */
export function boundBelow({ pool, heap }: EmbeddedBackend, values: Float32Array, count: number): number {
  const blocks = Math.ceil(values.length / BLOCK);
  const counts = heap.allocate(4 * BINS * blocks);
  pool.run('histogram', blocks, BLOCK, values.byteOffset, values.length, BLOCK, counts);
  const all = heap.words(counts, BINS * blocks);
  let left = count;
  let bin = BINS;
  while (left > 0 && bin-- > 0) {
    for (let at = bin; at < all.length; at += BINS) left -= all[at];
  }
  heap.release(counts);
  // The largest float below the smallest number of the bin.
  return bin <= 0 ? 0 : floatOf((bin << BIN_SHIFT) - 1);
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** The float that has these bits. */
export function floatOf(pattern: number): number {
  bits[0] = pattern;
  return float[0];
}
