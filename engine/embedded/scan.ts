import type { SparseCodes } from '#contract/codes';
import type { EmbeddedBackend } from './backend.ts';
import { withCopies } from './copies.ts';

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
  pool.run('above', blocks, BLOCK, values.byteOffset, size, BLOCK, least, positions, countsAt, 0);
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

/** What finds numbers above a bound: it writes their positions and bits in blocks. */
export interface Finder {
  /** Numbers that are looked at. */
  size: number;
  /** Numbers of a block; what is found of it begins at a multiple of this. */
  block: number;
  blocks: number;
  /** Whether it has found them: it may give up where they are too many. */
  find(least: number, positions: number, counts: number, bits: number): boolean;
}

/** Finds them among numbers in the backend's memory. */
export function among({ pool }: EmbeddedBackend, values: Float32Array): Finder {
  const [size, blocks] = [values.length, Math.ceil(values.length / BLOCK)];
  return {
    ...{ size, block: BLOCK, blocks },
    find(least, positions, counts, bits) {
      pool.run('above', blocks, BLOCK, values.byteOffset, size, BLOCK, least, positions, counts, bits);
      return true;
    },
  };
}

/**
 * The `count` largest of the numbers that are NaN or greater than `least`, of a matrix of `rows` rows; of
 * ties at the cut, the first in row order. Null if fewer than `count` or more than `limit` are greater,
 * unless `fewer` may be.
 */
export function largestAbove(
  { pool, heap }: EmbeddedBackend,
  finder: Finder,
  { rows, count, least, limit, fewer = false }: Wanted,
): SparseCodes | null {
  const { size, block, blocks } = finder;
  // Room for all; the unused part is never touched.
  const room = 4 * block * blocks;
  const [positions, bits, startsAt] = [room, room, 4 * (blocks + 1)].map((bytes) => heap.allocate(bytes));
  const isFound = finder.find(least, positions, startsAt, bits);
  // Its counts become the places of the blocks' first numbers.
  const starts = heap.words(startsAt, blocks + 1);
  let total = 0;
  for (let i = 0; i < blocks && isFound; i++) {
    const found = starts[i];
    starts[i] = total;
    total += found;
  }
  starts[blocks] = total;
  const refused = !isFound || total > limit || (total < count && !fewer);
  const selected = refused ? null : select();
  for (const pointer of [positions, bits, startsAt]) heap.release(pointer);
  return selected;

  function select(): SparseCodes {
    const [joined, joinedBits] = [4 * total, 4 * total].map((bytes) => heap.allocate(bytes));
    pool.run('joinBlocks', blocks, block, positions, bits, block, startsAt, joined, joinedBits);
    const kept = Math.min(total, count);
    const { cut, ties } = cutOf(joinedBits, total, kept);
    const codes = {
      rows,
      offsets: new Uint32Array(rows + 1),
      indices: new Uint32Array(kept),
      values: new Float32Array(kept),
    };
    withCopies(heap, [codes.offsets, codes.indices, codes.values], [], (...outs) => {
      pool.run('keepAbove', 1, 0, joined, joinedBits, total, cut, ties, rows, size / rows, ...outs);
    });
    for (const pointer of [joined, joinedBits]) heap.release(pointer);
    return codes;
  }

  /** The bits of the smallest that is kept, and how many that equal it are kept. */
  function cutOf(patterns: number, among: number, kept: number): { cut: number; ties: number } {
    if (kept === 0) return { cut: MOST_BITS, ties: 0 };
    if (among === kept) return { cut: 0, ties: kept };
    const [bins, rest, at] = [4 * 2048, 4 * among, 8].map((bytes) => heap.allocate(bytes));
    pool.run('cutOf', 1, 0, patterns, among, kept, bins, rest, at);
    const [cut, ties] = heap.words(at, 2);
    for (const pointer of [bins, rest, at]) heap.release(pointer);
    return { cut, ties };
  }
}

/** Which numbers a selection takes, and where it begins to look. */
export interface Wanted {
  rows: number;
  count: number;
  least: number;
  limit: number;
  /** Whether fewer than `count` may be greater than `least`. */
  fewer?: boolean;
}

/** Bits that no number's are above. */
const MOST_BITS = 0x7fffffff;
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

/** Rows that stand for all where there are many times as many. */
const FIRST_ROWS = 64;
const TIMES = 8;
/** How many more than their share of the numbers are looked for in them, since rows differ. */
const MARGIN = 1.25;

/** How many first rows of a matrix say where its largest numbers begin; 0 if it has too few rows. */
export const rowsToGuessBy = (rows: number): number => (rows < TIMES * FIRST_ROWS ? 0 : FIRST_ROWS);

/**
 * A number that probably at least `count` of the positive values of a matrix of `rows` rows exceed, and not
 * many more, by the values of its first rows alone; 0 if these say nothing.
 */
export const guessBelow = (
  backend: EmbeddedBackend,
  first: Float32Array,
  rows: number,
  count: number,
): number => boundBelow(backend, first, Math.ceil((MARGIN * count * rowsToGuessBy(rows)) / rows));

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** The float that has these bits. */
export function floatOf(pattern: number): number {
  bits[0] = pattern;
  return float[0];
}
