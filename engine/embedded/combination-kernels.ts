import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { EmbeddedBackend } from './backend.ts';
import { sizeOf } from './broadcast.ts';
import { type Sum, sideBySide } from './linear-sum.ts';

/** Computes sums of this shape that have the same operands. */
export function computeSums(
  backend: EmbeddedBackend,
  sums: readonly Sum[],
  shape: readonly number[],
  outs: readonly Float32Array[],
): void {
  const { heap, pool } = backend;
  const [rows, n] = shape;
  withOperands(backend, sums, shape, (count, ...operands) => {
    const places = heap.allocate(4 * outs.length);
    heap.words(places, outs.length).set(outs.map(({ byteOffset }) => byteOffset));
    pool.run('combine', rows, n * (count + 1) * outs.length, ...operands, places, outs.length, n);
    heap.release(places);
  });
}

/** The squares of each row of several sums, added up: [rows] for each, in one pass over what they share. */
export function squaresOf(
  backend: EmbeddedBackend,
  sums: readonly Sum[],
  shape: readonly number[],
): TensorInfo[] {
  const { heap, pool } = backend;
  const [rows, n] = shape;
  const outs = sums.map(() => backend.make([rows]));
  const all = sums.map((sum) => laidOut(backend, [sum], shape));
  const words = all.flatMap(({ operands }, i) => [...operands, backend.numbers(outs[i]).byteOffset]);
  const each = heap.allocate(4 * words.length);
  heap.words(each, words.length).set(words);
  const work = n * all.reduce((total, { count }) => total + count, 0);
  pool.run('combinationSquares', rows, work, each, sums.length, n);
  for (const block of [each, ...all.map(({ table }) => table)]) heap.release(block);
  return outs;
}

/** Rows of an item of combinationColumns, and columns of one of sumColumns. */
const SOME_ROWS = 64;
const STRIP = 64;

/** out [n] = the sum over the rows of a sum. */
export function columnsOf(
  backend: EmbeddedBackend,
  sum: Sum,
  shape: readonly number[],
  out: Float32Array,
): void {
  const [rows, n] = shape;
  const { heap, pool } = backend;
  const items = Math.ceil(rows / SOME_ROWS);
  const parts = heap.allocate(4 * items * n);
  withOperands(backend, [sum], shape, (count, ...operands) => {
    pool.run('combinationColumns', items, SOME_ROWS * n * count, ...operands, rows, n, parts);
  });
  pool.run('sumColumns', Math.ceil(n / STRIP), STRIP * items, parts, items, n, out.byteOffset);
  heap.release(parts);
}

/** Words that an operand has in the table of the kernels: its address, and the bytes of a row or 0. */
const OPERAND_WORDS = 2;

/** Runs `use` with the number of operands, and what the kernels here begin with. */
function withOperands(
  backend: EmbeddedBackend,
  sums: readonly Sum[],
  shape: readonly number[],
  use: (count: number, ...operands: number[]) => void,
): void {
  const { table, count, operands } = laidOut(backend, sums, shape);
  use(count, ...operands);
  backend.heap.release(table);
}

/**
 * What the kernels here begin with, for sums that have the same operands, the first of which is a block that
 * the caller releases.
 */
function laidOut(backend: EmbeddedBackend, sums: readonly Sum[], [rows, n]: readonly number[]) {
  const { heap } = backend;
  const { operands, weights, constants } = sums.length === 1 ? sums[0] : sideBySide(sums);
  const addressOf = (tensor: TensorInfo | null) => (tensor ? backend.numbers(tensor).byteOffset : 0);
  const words = operands.flatMap((operand) => [addressOf(operand), sizeOf(operand) === rows * n ? 4 * n : 0]);
  words.push(...weights.map(addressOf));
  const [count, kinds] = [operands.length, weights.length];
  const size = words.length + constants.length + rows * count;
  const table = heap.allocate(4 * size);
  heap.words(table, words.length).set(words);
  const numbers = table + 4 * words.length;
  heap.floats(numbers, constants.length).set(constants);
  const weightsAt = table + 4 * OPERAND_WORDS * count;
  const room = numbers + 4 * constants.length;
  return { table, count, operands: [table, count, weightsAt, kinds, numbers, room] };
}
