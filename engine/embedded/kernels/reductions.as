// Sums over rows and columns, and kernels that need one: squared errors and unit rows with their gradients.

import { clear, madd, sumLanes } from './simd';

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, bytes: usize): f32 {
  const blocks = bytes & ~31;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let i: usize = 0;
  for (; i < blocks; i += 32) {
    s0 = madd(v128.load(a + i), v128.load(b + i), s0);
    s1 = madd(v128.load(a + i, 16), v128.load(b + i, 16), s1);
  }
  let sum = sumLanes(f32x4.add(s0, s1));
  for (; i < bytes; i += 4) sum += load<f32>(a + i) * load<f32>(b + i);
  return sum;
}

/** out[j] = Σ_i a[i, j], for the strips from..to of 64 columns each. */
export function sumColumns(from: i32, to: i32, a: usize, rows: i32, columns: i32, out: usize): void {
  const row = <usize>columns << 2;
  for (let strip = from; strip < to; strip++) {
    const start = <usize>strip << 8;
    const end = min(row, start + 256);
    const whole = start + ((end - start) & ~15);
    clear(out + start, end - start);
    let source = a;
    for (let i = 0; i < rows; i++, source += row) {
      let j = start;
      for (; j < whole; j += 16) v128.store(out + j, f32x4.add(v128.load(out + j), v128.load(source + j)));
      for (; j < end; j += 4) store<f32>(out + j, load<f32>(out + j) + load<f32>(source + j));
    }
  }
}

/** out[i] = Σ_j a[i, j]; `a` has `size` numbers in rows of n, and the last row may be shorter. */
export function sumOfRows(from: i32, to: i32, a: usize, size: usize, n: usize, out: usize): void {
  for (let row = <usize>from; row < <usize>to; row++) {
    const source = a + ((row * n) << 2);
    const bytes = min(n, size - row * n) << 2;
    const whole = bytes & ~15;
    let sums = f32x4.splat(0);
    let i: usize = 0;
    for (; i < whole; i += 16) sums = f32x4.add(sums, v128.load(source + i));
    let sum = sumLanes(sums);
    for (; i < bytes; i += 4) sum += load<f32>(source + i);
    store<f32>(out + (row << 2), sum);
  }
}

/** out[i] = Σ_j a[i, j]²; rows as in `sumOfRows`. */
export function squaresOfRows(from: i32, to: i32, a: usize, size: usize, n: usize, out: usize): void {
  for (let row = <usize>from; row < <usize>to; row++) {
    const source = a + ((row * n) << 2);
    store<f32>(out + (row << 2), dot(source, source, min(n, size - row * n) << 2));
  }
}

/** out[i] = Σ_j a[i, j] · v[j]; rows have n numbers. */
export function rowDots(from: i32, to: i32, a: usize, v: usize, n: i32, out: usize): void {
  const bytes = <usize>n << 2;
  for (let row = <usize>from; row < <usize>to; row++) store<f32>(out + (row << 2), dot(a + row * bytes, v, bytes));
}

/** norms[i] = max(|W_i|, floor) and unit_i = W_i / norms[i]; rows have n numbers. */
export function unitRows(from: i32, to: i32, W: usize, n: i32, floor: f32, unit: usize, norms: usize): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = <usize>from; row < <usize>to; row++) {
    const source = W + row * bytes;
    const target = unit + row * bytes;
    const norm = max(sqrt(dot(source, source, bytes)), floor);
    store<f32>(norms + (row << 2), norm);
    const factor: f32 = 1 / norm;
    const factors = f32x4.splat(factor);
    let i: usize = 0;
    for (; i < whole; i += 16) v128.store(target + i, f32x4.mul(v128.load(source + i), factors));
    for (; i < bytes; i += 4) store<f32>(target + i, load<f32>(source + i) * factor);
  }
}

/**
 * The gradient of `unitRows`: dW_i = (dunit_i - (dunit_i · unit_i) unit_i) / norm_i + dnorm_i unit_i.
 * Where the norm is the floor, dW_i = dunit_i / norm_i.
 */
export function unitRowsGradient(
  from: i32,
  to: i32,
  unit: usize,
  norms: usize,
  dunit: usize,
  dnorms: usize,
  n: i32,
  floor: f32,
  dW: usize,
): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = <usize>from; row < <usize>to; row++) {
    const u = unit + row * bytes;
    const du = dunit + row * bytes;
    const target = dW + row * bytes;
    const norm = load<f32>(norms + (row << 2));
    const inverse: f32 = 1 / norm;
    const along: f32 = norm > floor ? load<f32>(dnorms + (row << 2)) - dot(u, du, bytes) * inverse : 0;
    const inverses = f32x4.splat(inverse);
    const alongs = f32x4.splat(along);
    let i: usize = 0;
    for (; i < whole; i += 16) {
      const d = f32x4.mul(v128.load(du + i), inverses);
      v128.store(target + i, madd(alongs, v128.load(u + i), d));
    }
    for (; i < bytes; i += 4) {
      store<f32>(target + i, load<f32>(du + i) * inverse + along * load<f32>(u + i));
    }
  }
}
