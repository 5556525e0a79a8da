// The sampler's kernels in AssemblyScript with SIMD. `npm run build:wasm` compiles them to kernels.wasm.
// Pointers are byte addresses in the module's memory. Numbers are f32 unless said otherwise; rows are
// contiguous.

/**
 * out[row][bucket][32] = z[row] · loadings[bucket][rank][32] - cutoffs[bucket][32]. maxima[row][bucket] is
 * the largest of a bucket's 32 numbers. `rows` is a multiple of 4.
 */
export function fireArguments(
  z: usize,
  loadings: usize,
  cutoffs: usize,
  out: usize,
  maxima: usize,
  rows: i32,
  buckets: i32,
  rank: i32,
): void {
  const zRow = <usize>rank << 2;
  const outRow = <usize>buckets << 7;
  const maxRow = <usize>buckets << 2;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const load = loadings + <usize>bucket * <usize>rank * 128;
    const cut = cutoffs + (<usize>bucket << 7);
    for (let row = 0; row < rows; row += 4) {
      const z0 = z + <usize>row * zRow;
      const z1 = z0 + zRow;
      const z2 = z1 + zRow;
      const z3 = z2 + zRow;
      const out0 = out + <usize>row * outRow + (<usize>bucket << 7);
      let m0 = f32x4.splat(-f32.MAX_VALUE);
      let m1 = m0;
      let m2 = m0;
      let m3 = m0;
      for (let member: usize = 0; member < 128; member += 32) {
        const c0 = v128.load(cut + member);
        const c1 = v128.load(cut + member, 16);
        let a00 = f32x4.neg(c0);
        let a01 = f32x4.neg(c1);
        let a10 = a00;
        let a11 = a01;
        let a20 = a00;
        let a21 = a01;
        let a30 = a00;
        let a31 = a01;
        let at = load + member;
        for (let k: usize = 0; k < zRow; k += 4) {
          const l0 = v128.load(at);
          const l1 = v128.load(at, 16);
          at += 128;
          const s0 = v128.load32_splat(z0 + k);
          a00 = f32x4.add(a00, f32x4.mul(s0, l0));
          a01 = f32x4.add(a01, f32x4.mul(s0, l1));
          const s1 = v128.load32_splat(z1 + k);
          a10 = f32x4.add(a10, f32x4.mul(s1, l0));
          a11 = f32x4.add(a11, f32x4.mul(s1, l1));
          const s2 = v128.load32_splat(z2 + k);
          a20 = f32x4.add(a20, f32x4.mul(s2, l0));
          a21 = f32x4.add(a21, f32x4.mul(s2, l1));
          const s3 = v128.load32_splat(z3 + k);
          a30 = f32x4.add(a30, f32x4.mul(s3, l0));
          a31 = f32x4.add(a31, f32x4.mul(s3, l1));
        }
        const o0 = out0 + member;
        const o1 = o0 + outRow;
        const o2 = o1 + outRow;
        const o3 = o2 + outRow;
        v128.store(o0, a00);
        v128.store(o0, a01, 16);
        v128.store(o1, a10);
        v128.store(o1, a11, 16);
        v128.store(o2, a20);
        v128.store(o2, a21, 16);
        v128.store(o3, a30);
        v128.store(o3, a31, 16);
        m0 = f32x4.max(m0, f32x4.max(a00, a01));
        m1 = f32x4.max(m1, f32x4.max(a10, a11));
        m2 = f32x4.max(m2, f32x4.max(a20, a21));
        m3 = f32x4.max(m3, f32x4.max(a30, a31));
      }
      const max0 = maxima + <usize>row * maxRow + (<usize>bucket << 2);
      f32.store(max0, largest(m0));
      f32.store(max0 + maxRow, largest(m1));
      f32.store(max0 + 2 * maxRow, largest(m2));
      f32.store(max0 + 3 * maxRow, largest(m3));
    }
  }
}

// @ts-ignore: decorator
@inline
function largest(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/**
 * out[i] = z · loadings_i - cutoffs_i in double precision, for 4 · `quads` features. Layout: loadings
 * [quad][rank][4], cutoffs [quad][4], out (f64) [quad][4].
 */
export function familyArguments(
  z: usize,
  loadings: usize,
  cutoffs: usize,
  out: usize,
  quads: i32,
  rank: i32,
): void {
  const zEnd = z + (<usize>rank << 2);
  for (let quad = 0; quad < quads; quad++) {
    const c = f32x4.neg(v128.load(cutoffs));
    let low = f64x2.promote_low_f32x4(c);
    let high = f64x2.promote_low_f32x4(upperHalf(c));
    for (let at = z; at < zEnd; at += 4) {
      const factor = f64x2.splat(<f64>f32.load(at));
      const four = v128.load(loadings);
      low = f64x2.add(low, f64x2.mul(factor, f64x2.promote_low_f32x4(four)));
      high = f64x2.add(high, f64x2.mul(factor, f64x2.promote_low_f32x4(upperHalf(four))));
      loadings += 16;
    }
    v128.store(out, low);
    v128.store(out, high, 16);
    cutoffs += 16;
    out += 32;
  }
}

// @ts-ignore: decorator
@inline
function upperHalf(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 2, 3, 2, 3);
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
