// Linear combinations of matrices and rows, row by row. `table` has two words for each of `count` operands:
// its address and the bytes from one of its rows to the next (0: one row for all). `weights` has the
// addresses of `kinds` lists of a number for each row (0: a list of ones). Operand t has the factor
// Σ_g constants[t, g] · weights_g[row]. `room` holds the factors of each row for a while.

import { clear, madd, sumLanes } from './simd';

// @ts-ignore: decorator
@inline
function operandAt(table: usize, t: usize, row: usize): usize {
  return <usize>load<u32>(table + (t << 3)) + row * <usize>load<u32>(table + (t << 3), 4);
}

/** Writes the factors of a row. */
function factorsOf(
  count: usize, weights: usize, kinds: usize, constants: usize, row: usize, factors: usize,
): void {
  for (let t: usize = 0; t < count; t++) {
    let factor: f32 = 0;
    for (let g: usize = 0; g < kinds; g++, constants += 4) {
      const list = <usize>load<u32>(weights + (g << 2));
      const constant = load<f32>(constants);
      factor += list ? constant * load<f32>(list + (row << 2)) : constant;
    }
    store<f32>(factors + (t << 2), factor);
  }
}

/** Four numbers of Σ factor · operand at byte `at` of a row. */
// @ts-ignore: decorator
@inline
function four(table: usize, count: usize, factors: usize, row: usize, at: usize): v128 {
  let sum = f32x4.splat(0);
  for (let t: usize = 0; t < count; t++)
    sum = madd(v128.load32_splat(factors + (t << 2)), v128.load(operandAt(table, t, row) + at), sum);
  return sum;
}

/** One number of it, in lane 0. */
// @ts-ignore: decorator
@inline
function one(table: usize, count: usize, factors: usize, row: usize, at: usize): v128 {
  let sum = f32x4.splat(0);
  for (let t: usize = 0; t < count; t++)
    sum = madd(v128.load32_zero(factors + (t << 2)), v128.load32_zero(operandAt(table, t, row) + at), sum);
  return sum;
}

/** Rows from..to, each of n numbers, of `outputs` combinations, whose addresses are at `outs`. */
export function combine(
  from: i32, to: i32, table: usize, count: usize, weights: usize, kinds: usize, constants: usize, room: usize,
  outs: usize, outputs: usize, n: i32,
): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = <usize>from; row < <usize>to; row++) {
    const factors = room + ((row * count) << 2);
    for (let o: usize = 0; o < outputs; o++) {
      factorsOf(count, weights, kinds, constants + ((o * count * kinds) << 2), row, factors);
      const out = <usize>load<u32>(outs + (o << 2)) + row * bytes;
      let at: usize = 0;
      for (; at < whole; at += 16) v128.store(out + at, four(table, count, factors, row, at));
      for (; at < bytes; at += 4) v128.store_lane<f32>(out + at, one(table, count, factors, row, at), 0);
    }
  }
}

/** The squares of a row of a combination, summed. */
function squaresOf(table: usize, count: usize, factors: usize, row: usize, bytes: usize): f32 {
  const blocks = bytes & ~63;
  const whole = bytes & ~15;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let at: usize = 0;
  for (; at < blocks; at += 64) {
    const a = four(table, count, factors, row, at);
    const b = four(table, count, factors, row, at + 16);
    const c = four(table, count, factors, row, at + 32);
    const d = four(table, count, factors, row, at + 48);
    s0 = madd(a, a, s0);
    s1 = madd(b, b, s1);
    s2 = madd(c, c, s2);
    s3 = madd(d, d, s3);
  }
  for (; at < whole; at += 16) {
    const x = four(table, count, factors, row, at);
    s0 = madd(x, x, s0);
  }
  let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; at < bytes; at += 4) {
    const x = f32x4.extract_lane(one(table, count, factors, row, at), 0);
    sum += x * x;
  }
  return sum;
}

/** Bytes that a combination has in the list of `combinationSquares`. */
// @ts-ignore: decorator
@inline
const SQUARES: usize = 28;

/**
 * The squares of rows from..to of several combinations, each row's summed. `each` has seven words for each of
 * them: table, count, weights, kinds, constants and room as above, and the address of its sums.
 */
export function combinationSquares(from: i32, to: i32, each: usize, combinations: usize, n: i32): void {
  const bytes = <usize>n << 2;
  for (let row = <usize>from; row < <usize>to; row++) {
    for (let at = each; at < each + combinations * SQUARES; at += SQUARES) {
      const table = <usize>load<u32>(at);
      const count = <usize>load<u32>(at, 4);
      const factors = <usize>load<u32>(at, 20) + ((row * count) << 2);
      factorsOf(count, <usize>load<u32>(at, 8), <usize>load<u32>(at, 12), <usize>load<u32>(at, 16), row, factors);
      store<f32>(<usize>load<u32>(at, 24) + (row << 2), squaresOf(table, count, factors, row, bytes));
    }
  }
}

/** Rows of an item of `combinationColumns`. */
// @ts-ignore: decorator
@inline
const SOME_ROWS: usize = 64;

/**
 * Row i of out [items, n] = the sum over SOME_ROWS of the `rows` rows of a combination, from i · SOME_ROWS
 * on.
 */
export function combinationColumns(
  from: i32, to: i32, table: usize, count: usize, weights: usize, kinds: usize, constants: usize, room: usize,
  rows: usize, n: i32, out: usize,
): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let item = <usize>from; item < <usize>to; item++) {
    const target = out + item * bytes;
    clear(target, bytes);
    for (let row = item * SOME_ROWS; row < min(rows, (item + 1) * SOME_ROWS); row++) {
      const factors = room + ((row * count) << 2);
      factorsOf(count, weights, kinds, constants, row, factors);
      for (let t: usize = 0; t < count; t++) {
        const factor = load<f32>(factors + (t << 2));
        const operand = operandAt(table, t, row);
        let at: usize = 0;
        for (; at < whole; at += 16)
          v128.store(target + at, madd(f32x4.splat(factor), v128.load(operand + at), v128.load(target + at)));
        for (; at < bytes; at += 4) {
          const sum = madd(f32x4.splat(factor), v128.load32_zero(operand + at), v128.load32_zero(target + at));
          v128.store_lane<f32>(target + at, sum, 0);
        }
      }
    }
  }
}
