// The sampler's two dense pieces, AssemblyScript with SIMD. `npm run build:wasm` compiles it to kernels.wasm.
// All pointers are bytes into the one memory; numbers are f32, rows are contiguous.

/**
 * arguments[row][bucket][32] = z[row] · loadings[bucket][rank][32] - cutoffs[bucket][32], and the largest of each
 * bucket in maxima[row][bucket]. `rows` is a multiple of 4.
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
 * Some columns of x: x[row][0 .. width] = bias + sum of values · vectors[features] over offsets[row] .. offsets[row + 1].
 * `vectors` holds these columns alone, [features][width], so that what a batch touches stays in the cache; rows of x
 * are `stride` numbers apart. width is a multiple of 4.
 */
export function synthesise(
  offsets: usize,
  features: usize,
  values: usize,
  vectors: usize,
  bias: usize,
  x: usize,
  rows: i32,
  width: i32,
  stride: i32,
): void {
  const bytes = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    const from = <usize>i32.load(offsets + (<usize>row << 2)) << 2;
    const to = <usize>i32.load(offsets + (<usize>row << 2), 4) << 2;
    let at: usize = 0;
    for (; at + 128 <= bytes; at += 128) {
      let s0 = v128.load(bias + at);
      let s1 = v128.load(bias + at, 16);
      let s2 = v128.load(bias + at, 32);
      let s3 = v128.load(bias + at, 48);
      let s4 = v128.load(bias + at, 64);
      let s5 = v128.load(bias + at, 80);
      let s6 = v128.load(bias + at, 96);
      let s7 = v128.load(bias + at, 112);
      for (let i = from; i < to; i += 4) {
        const vector = vectors + <usize>i32.load(features + i) * bytes + at;
        const value = v128.load32_splat(values + i);
        s0 = f32x4.add(s0, f32x4.mul(value, v128.load(vector)));
        s1 = f32x4.add(s1, f32x4.mul(value, v128.load(vector, 16)));
        s2 = f32x4.add(s2, f32x4.mul(value, v128.load(vector, 32)));
        s3 = f32x4.add(s3, f32x4.mul(value, v128.load(vector, 48)));
        s4 = f32x4.add(s4, f32x4.mul(value, v128.load(vector, 64)));
        s5 = f32x4.add(s5, f32x4.mul(value, v128.load(vector, 80)));
        s6 = f32x4.add(s6, f32x4.mul(value, v128.load(vector, 96)));
        s7 = f32x4.add(s7, f32x4.mul(value, v128.load(vector, 112)));
      }
      v128.store(x + at, s0);
      v128.store(x + at, s1, 16);
      v128.store(x + at, s2, 32);
      v128.store(x + at, s3, 48);
      v128.store(x + at, s4, 64);
      v128.store(x + at, s5, 80);
      v128.store(x + at, s6, 96);
      v128.store(x + at, s7, 112);
    }
    for (; at < bytes; at += 16) {
      let s = v128.load(bias + at);
      for (let i = from; i < to; i += 4) {
        const vector = vectors + <usize>i32.load(features + i) * bytes + at;
        s = f32x4.add(s, f32x4.mul(v128.load32_splat(values + i), v128.load(vector)));
      }
      v128.store(x + at, s);
    }
    x += <usize>stride << 2;
  }
}
