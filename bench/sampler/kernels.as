// The sampler's kernels in AssemblyScript with SIMD. `npm run build:wasm` compiles them to kernels.wasm.
// Pointers are byte addresses in the module's memory. Numbers are f32 unless said otherwise; rows are
// contiguous.

/**
 * out[row][bucket][32] = (z[row] · loadings[bucket][pair][32] + offsets[bucket][32]) >> shift in whole
 * numbers: z [row][pair] and loadings hold pairs of i16, offsets are i32, results are i16.
 * maxima[row][bucket] is the largest of a bucket's 32 results. `rows` is a multiple of 4.
 */
export function fireBounds(
  z: usize,
  loadings: usize,
  offsets: usize,
  out: usize,
  maxima: usize,
  rows: i32,
  buckets: i32,
  pairs: i32,
  shift: i32,
): void {
  const zRow = <usize>pairs << 2;
  const outRow = <usize>buckets << 6;
  const maxRow = <usize>buckets << 1;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const load = loadings + <usize>bucket * <usize>pairs * 128;
    const offset = offsets + (<usize>bucket << 7);
    for (let row = 0; row < rows; row += 4) {
      const z0 = z + <usize>row * zRow;
      const z1 = z0 + zRow;
      const z2 = z1 + zRow;
      const z3 = z2 + zRow;
      const out0 = out + <usize>row * outRow + (<usize>bucket << 6);
      let m0 = i16x8.splat(i16.MIN_VALUE);
      let m1 = m0;
      let m2 = m0;
      let m3 = m0;
      for (let member: usize = 0; member < 128; member += 32) {
        let a00 = v128.load(offset + member);
        let a01 = v128.load(offset + member, 16);
        let a10 = a00;
        let a11 = a01;
        let a20 = a00;
        let a21 = a01;
        let a30 = a00;
        let a31 = a01;
        let at = load + member;
        for (let pair: usize = 0; pair < zRow; pair += 4) {
          const l0 = v128.load(at);
          const l1 = v128.load(at, 16);
          at += 128;
          const s0 = v128.load32_splat(z0 + pair);
          a00 = i32x4.add(a00, i32x4.dot_i16x8_s(s0, l0));
          a01 = i32x4.add(a01, i32x4.dot_i16x8_s(s0, l1));
          const s1 = v128.load32_splat(z1 + pair);
          a10 = i32x4.add(a10, i32x4.dot_i16x8_s(s1, l0));
          a11 = i32x4.add(a11, i32x4.dot_i16x8_s(s1, l1));
          const s2 = v128.load32_splat(z2 + pair);
          a20 = i32x4.add(a20, i32x4.dot_i16x8_s(s2, l0));
          a21 = i32x4.add(a21, i32x4.dot_i16x8_s(s2, l1));
          const s3 = v128.load32_splat(z3 + pair);
          a30 = i32x4.add(a30, i32x4.dot_i16x8_s(s3, l0));
          a31 = i32x4.add(a31, i32x4.dot_i16x8_s(s3, l1));
        }
        const o0 = out0 + (member >> 1);
        const r0 = i16x8.narrow_i32x4_s(i32x4.shr_s(a00, shift), i32x4.shr_s(a01, shift));
        v128.store(o0, r0);
        m0 = i16x8.max_s(m0, r0);
        const r1 = i16x8.narrow_i32x4_s(i32x4.shr_s(a10, shift), i32x4.shr_s(a11, shift));
        v128.store(o0 + outRow, r1);
        m1 = i16x8.max_s(m1, r1);
        const r2 = i16x8.narrow_i32x4_s(i32x4.shr_s(a20, shift), i32x4.shr_s(a21, shift));
        v128.store(o0 + 2 * outRow, r2);
        m2 = i16x8.max_s(m2, r2);
        const r3 = i16x8.narrow_i32x4_s(i32x4.shr_s(a30, shift), i32x4.shr_s(a31, shift));
        v128.store(o0 + 3 * outRow, r3);
        m3 = i16x8.max_s(m3, r3);
      }
      const max0 = maxima + <usize>row * maxRow + (<usize>bucket << 1);
      store<i16>(max0, largest(m0));
      store<i16>(max0 + maxRow, largest(m1));
      store<i16>(max0 + 2 * maxRow, largest(m2));
      store<i16>(max0 + 3 * maxRow, largest(m3));
    }
  }
}

// @ts-ignore: decorator
@inline
function largest(v: v128): i16 {
  let m = i16x8.max_s(v, v128.shuffle<i32>(v, v, 2, 3, 2, 3));
  m = i16x8.max_s(m, v128.shuffle<i32>(m, m, 1, 1, 1, 1));
  return max(i16x8.extract_lane_s(m, 0), i16x8.extract_lane_s(m, 1));
}

/**
 * out[i] = z · loadings_i - cutoffs_i in double precision, for 4 · `quads` features. Layout: z (f64) [rank],
 * loadings [quad][rank][4], cutoffs [quad][4], out (f64) [quad][4].
 */
export function familyArguments(
  z: usize,
  loadings: usize,
  cutoffs: usize,
  out: usize,
  quads: i32,
  rank: i32,
): void {
  const zEnd = z + (<usize>rank << 3);
  const panel = <usize>rank << 4;
  let quad = 0;
  // Two quads at a time: an addition waits for the one before it in its sum.
  for (; quad + 2 <= quads; quad += 2) {
    let low0 = f64x2.neg(two(cutoffs));
    let high0 = f64x2.neg(two(cutoffs + 8));
    let low1 = f64x2.neg(two(cutoffs + 16));
    let high1 = f64x2.neg(two(cutoffs + 24));
    for (let at = z; at < zEnd; at += 8) {
      const factor = v128.load64_splat(at);
      low0 = f64x2.add(low0, f64x2.mul(factor, two(loadings)));
      high0 = f64x2.add(high0, f64x2.mul(factor, two(loadings + 8)));
      low1 = f64x2.add(low1, f64x2.mul(factor, two(loadings + panel)));
      high1 = f64x2.add(high1, f64x2.mul(factor, two(loadings + panel + 8)));
      loadings += 16;
    }
    loadings += panel;
    v128.store(out, low0);
    v128.store(out, high0, 16);
    v128.store(out, low1, 32);
    v128.store(out, high1, 48);
    cutoffs += 32;
    out += 64;
  }
  if (quad == quads) return;
  let low = f64x2.neg(two(cutoffs));
  let high = f64x2.neg(two(cutoffs + 8));
  for (let at = z; at < zEnd; at += 8) {
    const factor = v128.load64_splat(at);
    low = f64x2.add(low, f64x2.mul(factor, two(loadings)));
    high = f64x2.add(high, f64x2.mul(factor, two(loadings + 8)));
    loadings += 16;
  }
  v128.store(out, low);
  v128.store(out, high, 16);
}

/** Two numbers in double precision: one instruction, as they come from memory. */
// @ts-ignore: decorator
@inline
function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/**
 * x[row] = bias + Σ values[i] · vectors[features[i]] over i = offsets[row]..offsets[row + 1]. A row of x,
 * bias and vectors has `stride` numbers, a multiple of 4. The vectors of a batch do not fit the cache.
 * Therefore four whole rows are read at a time: the CPU prefetches rows that are read from end to end.
 */
export function synthesise(
  offsets: usize,
  features: usize,
  values: usize,
  vectors: usize,
  bias: usize,
  x: usize,
  rows: i32,
  stride: i32,
): void {
  const bytes = <usize>stride << 2;
  for (let row = 0; row < rows; row++) {
    let entry = <usize>i32.load(offsets + (<usize>row << 2)) << 2;
    const end = <usize>i32.load(offsets + (<usize>row << 2), 4) << 2;
    memory.copy(x, bias, bytes);
    for (; entry + 16 <= end; entry += 16) {
      const v0 = vectors + <usize>i32.load(features + entry) * bytes;
      const v1 = vectors + <usize>i32.load(features + entry, 4) * bytes;
      const v2 = vectors + <usize>i32.load(features + entry, 8) * bytes;
      const v3 = vectors + <usize>i32.load(features + entry, 12) * bytes;
      const a0 = v128.load32_splat(values + entry);
      const a1 = v128.load32_splat(values + entry, 4);
      const a2 = v128.load32_splat(values + entry, 8);
      const a3 = v128.load32_splat(values + entry, 12);
      for (let at: usize = 0; at < bytes; at += 16) {
        let sum = v128.load(x + at);
        sum = f32x4.add(sum, f32x4.mul(a0, v128.load(v0 + at)));
        sum = f32x4.add(sum, f32x4.mul(a1, v128.load(v1 + at)));
        sum = f32x4.add(sum, f32x4.mul(a2, v128.load(v2 + at)));
        sum = f32x4.add(sum, f32x4.mul(a3, v128.load(v3 + at)));
        v128.store(x + at, sum);
      }
    }
    for (; entry < end; entry += 4) {
      const vector = vectors + <usize>i32.load(features + entry) * bytes;
      const value = v128.load32_splat(values + entry);
      for (let at: usize = 0; at < bytes; at += 16) {
        v128.store(x + at, f32x4.add(v128.load(x + at), f32x4.mul(value, v128.load(vector + at))));
      }
    }
    x += bytes;
  }
}
