// Products with sparse matrices. For each non-zero the caller gives the address of the dense row (`n` numbers)
// that it is multiplied with. So transposes and bands of a matrix need no kernels of their own.

import { clear, madd, sumLanes } from './simd';

/**
 * out[i, :] = Σ values[at] · (the row at address rowAt[at]), for rows from..to. The sum is over the non-zeros
 * at = offsets[i]..offsets[i + 1].
 */
export function sumRows(
  from: i32,
  to: i32,
  offsets: usize,
  rowAt: usize,
  values: usize,
  n: i32,
  out: usize,
): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = from; row < to; row++) {
    const target = out + <usize>row * bytes;
    let at = <usize>load<u32>(offsets + (<usize>row << 2)) << 2;
    const end = <usize>load<u32>(offsets + ((<usize>row + 1) << 2)) << 2;
    clear(target, bytes);
    // Four rows at a time: the sum is read and written once for the four.
    for (; at + 16 <= end; at += 16) {
      const r0 = <usize>load<u32>(rowAt + at);
      const r1 = <usize>load<u32>(rowAt + at, 4);
      const r2 = <usize>load<u32>(rowAt + at, 8);
      const r3 = <usize>load<u32>(rowAt + at, 12);
      const v0 = v128.load32_splat(values + at);
      const v1 = v128.load32_splat(values + at, 4);
      const v2 = v128.load32_splat(values + at, 8);
      const v3 = v128.load32_splat(values + at, 12);
      let i: usize = 0;
      for (; i < whole; i += 16) {
        let sum = madd(v0, v128.load(r0 + i), v128.load(target + i));
        sum = madd(v1, v128.load(r1 + i), sum);
        sum = madd(v2, v128.load(r2 + i), sum);
        v128.store(target + i, madd(v3, v128.load(r3 + i), sum));
      }
      for (; i < bytes; i += 4) {
        let sum = madd(v0, v128.load32_zero(r0 + i), v128.load32_zero(target + i));
        sum = madd(v1, v128.load32_zero(r1 + i), sum);
        sum = madd(v2, v128.load32_zero(r2 + i), sum);
        v128.store_lane<f32>(target + i, madd(v3, v128.load32_zero(r3 + i), sum), 0);
      }
    }
    for (; at < end; at += 4) {
      const source = <usize>load<u32>(rowAt + at);
      const value = v128.load32_splat(values + at);
      let i: usize = 0;
      for (; i < whole; i += 16) {
        v128.store(target + i, madd(value, v128.load(source + i), v128.load(target + i)));
      }
      for (; i < bytes; i += 4) {
        const sum = madd(value, v128.load32_zero(source + i), v128.load32_zero(target + i));
        v128.store_lane<f32>(target + i, sum, 0);
      }
    }
  }
}

/** dots[at] = (the row at address leftAt[at]) · (the row at address rightAt[at]), for at = from..to. */
export function dotRows(
  from: i32,
  to: i32,
  leftAt: usize,
  rightAt: usize,
  n: i32,
  dots: usize,
): void {
  const bytes = <usize>n << 2;
  const blocks = bytes & ~63;
  const whole = bytes & ~15;
  for (let at = <usize>from << 2; at < <usize>to << 2; at += 4) {
    const left = <usize>load<u32>(leftAt + at);
    const right = <usize>load<u32>(rightAt + at);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let i: usize = 0;
    for (; i < blocks; i += 64) {
      s0 = madd(v128.load(left + i), v128.load(right + i), s0);
      s1 = madd(v128.load(left + i, 16), v128.load(right + i, 16), s1);
      s2 = madd(v128.load(left + i, 32), v128.load(right + i, 32), s2);
      s3 = madd(v128.load(left + i, 48), v128.load(right + i, 48), s3);
    }
    for (; i < whole; i += 16) s0 = madd(v128.load(left + i), v128.load(right + i), s0);
    let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    for (; i < bytes; i += 4) sum += load<f32>(left + i) * load<f32>(right + i);
    store<f32>(dots + at, sum);
  }
}

/**
 * Finds the positions of all values above `least`, and of NaN, in the blocks from..to of `block` values each.
 * The positions in block i are written, ascending, from positions[i * block] on, and their number to counts[i].
 * If `least` is NaN, finds the positions of all values that are not 0.
 */
export function above(
  from: i32,
  to: i32,
  values: usize,
  size: i32,
  block: i32,
  least: f32,
  positions: usize,
  counts: usize,
): void {
  const bound = f32x4.splat(least);
  const zero = f32x4.splat(0);
  const anything = least != least;
  for (let i = from; i < to; i++) {
    const start = i * block;
    const end = min(size, start + block);
    let to = positions + (<usize>start << 2);
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const v = v128.load(values + (<usize>at << 2));
      let mask = i32x4.bitmask(v128.not(anything ? f32x4.eq(v, zero) : f32x4.le(v, bound)));
      while (mask) {
        store<u32>(to, at + ctz(mask));
        to += 4;
        mask &= mask - 1;
      }
    }
    for (; at < end; at++) {
      const v = load<f32>(values + (<usize>at << 2));
      if (anything ? v == 0 : v <= least) continue;
      store<u32>(to, at);
      to += 4;
    }
    store<u32>(counts + (<usize>i << 2), <u32>((to - positions - (<usize>start << 2)) >> 2));
  }
}

/**
 * Counts the positive values by bits 21 to 30 of each: 1024 counts for each of the blocks from..to of `block`
 * values. Positive floats sort as their bits do, so the counts are a histogram by size.
 */
export function histogram(from: i32, to: i32, values: usize, size: i32, block: i32, counts: usize): void {
  const zero = f32x4.splat(0);
  for (let i = from; i < to; i++) {
    const bins = counts + (<usize>i << 12);
    clear(bins, 4096);
    const end = min(size, (i + 1) * block);
    let at = i * block;
    for (; at + 4 <= end; at += 4) {
      const v = v128.load(values + (<usize>at << 2));
      let mask = i32x4.bitmask(f32x4.gt(v, zero));
      while (mask) {
        const bin = bins + ((load<u32>(values + (<usize>(at + ctz(mask)) << 2)) >> 21) << 2);
        store<u32>(bin, load<u32>(bin) + 1);
        mask &= mask - 1;
      }
    }
    for (; at < end; at++) {
      if (!(load<f32>(values + (<usize>at << 2)) > 0)) continue;
      const bin = bins + ((load<u32>(values + (<usize>at << 2)) >> 21) << 2);
      store<u32>(bin, load<u32>(bin) + 1);
    }
  }
}
