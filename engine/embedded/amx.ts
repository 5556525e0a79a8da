import { type Native, openNative } from '../native/open.ts';
import { type Affine, type Blas, NONE, type Product } from './dense-product.ts';
import { multiply } from './gemm.ts';
import type { Pool } from './pool.ts';
import { featuresOf, readCpuinfo } from './processor.ts';

/*
 * Dense products by AMX, the processor's tiles of bfloat16, which Intel's Xeons have since Sapphire Rapids:
 * native/amx.h. They have the accuracy of float32, but other last bits than the other kernels in C, so they
 * are chosen as a library is. They need none. Tiles take what is below 2^-126 for 0: of numbers below 2^-110
 * the low pieces are lost, and of denormals all, where the other kernels keep them.
 */

/**
 * Sizes of native/amx.h: rows of a block, terms of a step and the words of one of its rows, columns and terms
 * of an item.
 */
const PIECES = { rows: 32, terms: 32, rowWords: 48, itemColumns: 256, itemTerms: 768 };
/** Words of a thread's room: its part of the right operand, packed, and the sums of a block's rows. */
const ROOM_WORDS = PIECES.itemColumns * ((PIECES.itemTerms / PIECES.terms) * PIECES.rowWords + PIECES.rows);
/** Words before the room of the threads, which say whose is in use. */
const CONTROL_WORDS = 64;
/** Items for each thread: the others wait for the one that has the last. */
const ITEMS = 4;
/** Blocks of rows of an item, at least: each item packs its columns. */
const BLOCKS = 8;
/** The work of a term, in the numbers that Pool.run counts. */
const TERM_WORK = 1 / 16;

/** Products by AMX on the pool's threads; null where processor, system or kernels have none. */
export function openAmx(pool: Pool, cpuinfo = readCpuinfo()): Blas | null {
  if (!isAllowed(pool.native, cpuinfo)) return null;
  return {
    label: 'AMX',
    instead: null,
    isAffine: true,
    isAmx: true,
    multiply: (a, b, c, product, affine) => multiplyByAmx(pool, a, b, c, product, affine),
  };
}

/** Whether products by AMX work here. */
export const isAmxHere = (): boolean =>
  isAllowed(openNative(new URL('./native/kernels.c', import.meta.url)), readCpuinfo());

function isAllowed(native: Native | null, cpuinfo: string): boolean {
  const features = featuresOf(cpuinfo);
  const has = native?.level === 'avx512' && features.has('amx_tile') && features.has('amx_bf16');
  return has && native.func('int allow_amx(void)')() === 0;
}

/** Where a number has no pieces (NaN, infinity, almost infinity), the other kernels compute the product. */
function multiplyByAmx(
  pool: Pool,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  product: Product,
  affine: Affine = NONE,
): void {
  const { heap } = pool;
  const beyond = heap.allocate(4);
  const flag = heap.words(beyond, 1).fill(0);
  try {
    multiplyPieces(pool, a, b, c, product, affine, beyond);
    if (flag[0] !== 0) multiply({ pool, heap, blas: null }, a, b, c, product, affine);
  } finally {
    heap.release(beyond);
  }
}

/** Sets the word at `beyond` where a number has no pieces; c is of no use then. */
function multiplyPieces(
  pool: Pool,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  { m, n, k, transposeA, transposeB }: Product,
  { bias, scale }: Affine,
  beyond: number,
): void {
  const { heap, threads } = pool;
  const blocks = Math.ceil(m / PIECES.rows);
  const blockWords = PIECES.rows * Math.ceil(k / PIECES.terms) * PIECES.rowWords;
  const across = Math.ceil(n / PIECES.itemColumns);
  const wanted = Math.ceil((ITEMS * threads) / across);
  const down = Math.max(1, Math.min(wanted, Math.floor(blocks / BLOCKS)));
  const high = PIECES.rows * Math.ceil(blocks / down);
  const packed = heap.allocate(4 * blocks * blockWords);
  const scratch = heap.allocate(4 * (CONTROL_WORDS + threads * ROOM_WORDS));
  heap.words(scratch, CONTROL_WORDS).fill(0);
  pool.run('packPieces', blocks, blockWords, a.byteOffset, m, k, Number(transposeA), packed, beyond);
  const work = Math.min(m, high) * Math.min(n, PIECES.itemColumns) * k * TERM_WORK;
  const operands = [packed, b.byteOffset, c.byteOffset, m, n, k, Number(transposeB), high];
  const room = [scratch, threads];
  pool.run('productOfPieces', Math.ceil(m / high) * across, work, ...operands, ...room, bias, scale, beyond);
  heap.release(packed);
  heap.release(scratch);
}
