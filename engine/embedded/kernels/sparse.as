// Products with few non-zeros. A sparse matrix is given by its rows (`offsets`, then for each non-zero its
// column in `indices` and its value) or by its columns (`starts`, then for each non-zero its place in
// `values` in `order`, and its row in `rowOf`). Column j goes with the dense matrix parts[bandOf[j]] of rows
// of `n` numbers; with no `bandOf` there is one.

import { clear, madd, sumLanes } from './simd';

// @ts-ignore: decorator
@inline
function at32(array: usize, index: usize): usize {
  return <usize>load<u32>(array + (index << 2));
}

/** target += four rows, each times the value at its address: the sum is read and written once. */
// @ts-ignore: decorator
@inline
function addFour(
  target: usize, bytes: usize,
  r0: usize, r1: usize, r2: usize, r3: usize, at0: usize, at1: usize, at2: usize, at3: usize,
): void {
  const whole = bytes & ~15;
  const v0 = v128.load32_splat(at0);
  const v1 = v128.load32_splat(at1);
  const v2 = v128.load32_splat(at2);
  const v3 = v128.load32_splat(at3);
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

// @ts-ignore: decorator
@inline
function addOne(target: usize, bytes: usize, source: usize, valueAt: usize): void {
  const whole = bytes & ~15;
  const value = v128.load32_splat(valueAt);
  let i: usize = 0;
  for (; i < whole; i += 16) {
    v128.store(target + i, madd(value, v128.load(source + i), v128.load(target + i)));
  }
  for (; i < bytes; i += 4) {
    const sum = madd(value, v128.load32_zero(source + i), v128.load32_zero(target + i));
    v128.store_lane<f32>(target + i, sum, 0);
  }
}

/**
 * parts[band][i, :] = Σ_j a[i, j] · W[j, :] over the columns j of that band, rows from..to, for all bands.
 */
export function sparseRows(
  from: i32, to: i32, offsets: usize, indices: usize, values: usize,
  bandOf: usize, bands: i32, parts: usize, W: usize, n: i32,
): void {
  const bytes = <usize>n << 2;
  for (let row = <usize>from; row < <usize>to; row++) {
    const begin = at32(offsets, row);
    const end = at32(offsets, row + 1);
    for (let band = 0; band < bands; band++) {
      const target = at32(parts, band) + row * bytes;
      clear(target, bytes);
      let held = 0;
      let r0: usize = 0;
      let r1: usize = 0;
      let r2: usize = 0;
      let at0: usize = 0;
      let at1: usize = 0;
      let at2: usize = 0;
      for (let at = begin; at < end; at++) {
        const latent = at32(indices, at);
        if (bandOf && <i32>load<u8>(bandOf + latent) != band) continue;
        const source = W + latent * bytes;
        const valueAt = values + (at << 2);
        if (held == 3) {
          addFour(target, bytes, r0, r1, r2, source, at0, at1, at2, valueAt);
          held = 0;
          continue;
        }
        if (held == 0) {
          r0 = source;
          at0 = valueAt;
        } else if (held == 1) {
          r1 = source;
          at1 = valueAt;
        } else {
          r2 = source;
          at2 = valueAt;
        }
        held++;
      }
      if (held > 0) addOne(target, bytes, r0, at0);
      if (held > 1) addOne(target, bytes, r1, at1);
      if (held > 2) addOne(target, bytes, r2, at2);
    }
  }
}

/** out[j, :] = Σ_i a[i, j] · parts[band of j][i, :], columns from..to, added to what is there with `more`. */
export function sparseColumns(
  from: i32, to: i32, starts: usize, order: usize, rowOf: usize, values: usize,
  bandOf: usize, parts: usize, n: i32, out: usize, more: i32,
): void {
  const bytes = <usize>n << 2;
  for (let column = <usize>from; column < <usize>to; column++) {
    const target = out + column * bytes;
    const part = at32(parts, bandOf ? <usize>load<u8>(bandOf + column) : 0);
    let at = at32(starts, column);
    const end = at32(starts, column + 1);
    if (!more) clear(target, bytes);
    for (; at + 4 <= end; at += 4) {
      addFour(
        target, bytes,
        part + at32(rowOf, at) * bytes,
        part + at32(rowOf, at + 1) * bytes,
        part + at32(rowOf, at + 2) * bytes,
        part + at32(rowOf, at + 3) * bytes,
        values + (at32(order, at) << 2),
        values + (at32(order, at + 1) << 2),
        values + (at32(order, at + 2) << 2),
        values + (at32(order, at + 3) << 2),
      );
    }
    for (; at < end; at++) {
      addOne(target, bytes, part + at32(rowOf, at) * bytes, values + (at32(order, at) << 2));
    }
  }
}

/** dots[at] = parts[band of j][i, :] · W[j, :] at the non-zeros (i, j) of rows from..to. */
export function sparseDots(
  from: i32, to: i32, offsets: usize, indices: usize,
  bandOf: usize, parts: usize, W: usize, n: i32, dots: usize,
): void {
  const bytes = <usize>n << 2;
  const blocks = bytes & ~63;
  const whole = bytes & ~15;
  for (let row = <usize>from; row < <usize>to; row++) {
    const end = at32(offsets, row + 1);
    for (let at = at32(offsets, row); at < end; at++) {
      const latent = at32(indices, at);
      const left = at32(parts, bandOf ? <usize>load<u8>(bandOf + latent) : 0) + row * bytes;
      const right = W + latent * bytes;
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
      store<f32>(dots + (at << 2), sum);
    }
  }
}

/** The non-zeros by columns: `starts` of the columns, `order` and `rowOf` of the non-zeros; one item. */
export function byColumn(
  from: i32, to: i32, offsets: usize, indices: usize, rows: i32, columns: i32,
  starts: usize, order: usize, rowOf: usize,
): void {
  const count = at32(offsets, rows);
  clear(starts, (<usize>columns + 1) << 2);
  // While places are given, starts[j + 1] is the next place of column j; after it, the start of column j + 1.
  for (let at: usize = 0; at < count; at++) {
    const place = starts + (at32(indices, at) << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
  let sum: u32 = 0;
  for (let j: usize = 0; j < <usize>columns; j++) {
    const place = starts + (j << 2);
    const own = load<u32>(place);
    store<u32>(place, sum);
    sum += own;
  }
  store<u32>(starts + (<usize>columns << 2), sum);
  for (let row: usize = 0; row < <usize>rows; row++) {
    const end = at32(offsets, row + 1);
    for (let at = at32(offsets, row); at < end; at++) {
      const place = starts + (at32(indices, at) << 2);
      const slot = <usize>load<u32>(place);
      store<u32>(place, <u32>slot + 1);
      store<u32>(order + (slot << 2), <u32>at);
      store<u32>(rowOf + (slot << 2), <u32>row);
    }
  }
  for (let j = <usize>columns; j > 0; j--) store<u32>(starts + (j << 2), load<u32>(starts + ((j - 1) << 2)));
  store<u32>(starts, 0);
}

/**
 * What an encoder's gradient needs of columns from..to of a matrix: sums[j] = scale_j Σ_i a[i, j],
 * weighted[j] = Σ_i a[i, j] h[i, j] / scale_j, and every value times scale_j in `scaled`. `h` has the numbers
 * at the non-zeros, in their order.
 */
export function columnGradients(
  from: i32, to: i32, starts: usize, order: usize, values: usize, h: usize, scale: usize,
  scaled: usize, sums: usize, weighted: usize,
): void {
  for (let column = <usize>from; column < <usize>to; column++) {
    const end = at32(starts, column + 1);
    const factor: f32 = scale ? load<f32>(scale + (column << 2)) : 1;
    let sum: f32 = 0;
    let product: f32 = 0;
    for (let at = at32(starts, column); at < end; at++) {
      const place = at32(order, at) << 2;
      const value = load<f32>(values + place);
      sum += value;
      if (h) product += value * load<f32>(h + place);
      store<f32>(scaled + place, value * factor);
    }
    store<f32>(sums + (column << 2), sum * factor);
    store<f32>(weighted + (column << 2), product / factor);
  }
}

// @ts-ignore: decorator
@inline
function bitsOf(value: f32): u32 {
  // The real bits of some NaN are negative.
  return value == value ? reinterpret<u32>(value) : 0x7fffffff;
}

/**
 * Positions of all values above `least`, NaN among them, in blocks from..to of `block` values: those of block
 * i, ascending, from positions[i * block] on, their number in counts[i]. With `least` NaN: of all that are
 * not 0. Their bits go to `bits` likewise, if it is given: those of any NaN are the greatest.
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
  bits: usize,
): void {
  const apart = bits - positions;
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
        const found = at + ctz(mask);
        store<u32>(to, found);
        if (bits) store<u32>(to + apart, bitsOf(load<f32>(values + (<usize>found << 2))));
        to += 4;
        mask &= mask - 1;
      }
    }
    for (; at < end; at++) {
      const v = load<f32>(values + (<usize>at << 2));
      if (anything ? v == 0 : v <= least) continue;
      store<u32>(to, at);
      if (bits) store<u32>(to + apart, bitsOf(v));
      to += 4;
    }
    store<u32>(counts + (<usize>i << 2), <u32>((to - positions - (<usize>start << 2)) >> 2));
  }
}

/**
 * Joins the lists that `above` leaves in blocks from..to: those of block i become numbers starts[i] to below
 * starts[i + 1] of `joined` and `joinedBits`.
 */
export function joinBlocks(
  from: i32, to: i32, positions: usize, bits: usize, block: i32, starts: usize, joined: usize, joinedBits: usize,
): void {
  for (let i = <usize>from; i < <usize>to; i++) {
    const start = at32(starts, i) << 2;
    const bytes = (at32(starts, i + 1) << 2) - start;
    const place = (i * <usize>block) << 2;
    memory.copy(joined + start, positions + place, bytes);
    memory.copy(joinedBits + start, bits + place, bytes);
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

/**
 * The bits of the count-th largest of `size` patterns of positive numbers, 0 < count < size, and how many
 * that equal it are among the count largest: cut[0] and cut[1]. Digit by digit, the most significant first;
 * `rest` has room for `size` patterns, `bins` for 2048 counts. One item.
 */
export function cutOf(
  from: i32, to: i32, bits: usize, size: i32, count: i32, bins: usize, rest: usize, cut: usize,
): void {
  let source = bits;
  let length = <usize>size;
  let left = <u32>count;
  let prefix: u32 = 0;
  for (let digit = 0; digit < 3; digit++) {
    const shift: u32 = digit == 0 ? 21 : digit == 1 ? 10 : 0;
    const mask: u32 = digit == 2 ? 0x3ff : 0x7ff;
    clear(bins, 8192);
    for (let i: usize = 0; i < length; i++) {
      const bin = bins + (<usize>((load<u32>(source + (i << 2)) >> shift) & mask) << 2);
      store<u32>(bin, load<u32>(bin) + 1);
    }
    let found = mask;
    while (<u32>at32(bins, found) < left) left -= <u32>at32(bins, found--);
    prefix |= found << shift;
    let kept: usize = 0;
    // In place from the second digit on: what is written was read.
    for (let i: usize = 0; i < length; i++) {
      const pattern = load<u32>(source + (i << 2));
      if (((pattern >> shift) & mask) == found) store<u32>(rest + (kept++ << 2), pattern);
    }
    source = rest;
    length = kept;
  }
  store<u32>(cut, prefix);
  store<u32>(cut, left, 4);
}

/**
 * Of `size` numbers at ascending positions of a matrix [rows, columns], those whose bits are above `cut`, and
 * the first `ties` that equal it, as rows of non-zeros. One item.
 */
export function keepAbove(
  from: i32, to: i32, positions: usize, bits: usize, size: i32, cut: u32, ties: i32, rows: i32, columns: i32,
  offsets: usize, indices: usize, values: usize,
): void {
  let kept: usize = 0;
  let row: usize = 0;
  let base: u32 = 0;
  store<u32>(offsets, 0);
  for (let i: usize = 0; i < <usize>size; i++) {
    const pattern = load<u32>(bits + (i << 2));
    if (pattern < cut || (pattern == cut && ties-- <= 0)) continue;
    const position = load<u32>(positions + (i << 2));
    while (position - base >= <u32>columns) {
      base += columns;
      store<u32>(offsets + (++row << 2), <u32>kept);
    }
    store<u32>(indices + (kept << 2), position - base);
    store<u32>(values + (kept++ << 2), pattern);
  }
  while (row < <usize>rows) store<u32>(offsets + (++row << 2), <u32>kept);
}
