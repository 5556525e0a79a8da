// A dense product in AssemblyScript with SIMD. `npm run build:wasm` compiles it to gemm.wasm.
// Pointers are byte addresses in the module's memory; numbers are f32.

/**
 * c[m, n] += a[m, k] · b[k, n]. `a` and `c` are row-major; the strides are numbers from row to row. `b` is
 * packed in panels of 8 columns, [n / 8][k][8]. m is a multiple of 4, n of 8. The loops are blocked: a
 * panel's block fits the L1 cache.
 */
export function multiplyAdd(
  a: usize,
  aStride: usize,
  b: usize,
  c: usize,
  cStride: usize,
  m: i32,
  n: i32,
  k: i32,
): void {
  const aRow = aStride << 2;
  const cRow = cStride << 2;
  for (let rowBlock = 0; rowBlock < m; rowBlock += 256) {
    const rowEnd = min(m, rowBlock + 256);
    for (let kBlock = 0; kBlock < k; kBlock += 384) {
      const kBytes = <usize>min(k - kBlock, 384) << 2;
      for (let panel = 0; panel < n; panel += 8) {
        const bStart = b + ((<usize>panel * <usize>k + ((<usize>kBlock) << 3)) << 2);
        for (let row = rowBlock; row < rowEnd; row += 4) {
          const a0 = a + <usize>row * aRow + (<usize>kBlock << 2);
          const a1 = a0 + aRow;
          const a2 = a1 + aRow;
          const a3 = a2 + aRow;
          const c0 = c + <usize>row * cRow + (<usize>panel << 2);
          const c1 = c0 + cRow;
          const c2 = c1 + cRow;
          const c3 = c2 + cRow;
          let s00 = v128.load(c0);
          let s01 = v128.load(c0, 16);
          let s10 = v128.load(c1);
          let s11 = v128.load(c1, 16);
          let s20 = v128.load(c2);
          let s21 = v128.load(c2, 16);
          let s30 = v128.load(c3);
          let s31 = v128.load(c3, 16);
          let at = bStart;
          for (let i: usize = 0; i < kBytes; i += 4) {
            const b0 = v128.load(at);
            const b1 = v128.load(at, 16);
            at += 32;
            const x0 = v128.load32_splat(a0 + i);
            s00 = f32x4.add(s00, f32x4.mul(x0, b0));
            s01 = f32x4.add(s01, f32x4.mul(x0, b1));
            const x1 = v128.load32_splat(a1 + i);
            s10 = f32x4.add(s10, f32x4.mul(x1, b0));
            s11 = f32x4.add(s11, f32x4.mul(x1, b1));
            const x2 = v128.load32_splat(a2 + i);
            s20 = f32x4.add(s20, f32x4.mul(x2, b0));
            s21 = f32x4.add(s21, f32x4.mul(x2, b1));
            const x3 = v128.load32_splat(a3 + i);
            s30 = f32x4.add(s30, f32x4.mul(x3, b0));
            s31 = f32x4.add(s31, f32x4.mul(x3, b1));
          }
          v128.store(c0, s00);
          v128.store(c0, s01, 16);
          v128.store(c1, s10);
          v128.store(c1, s11, 16);
          v128.store(c2, s20);
          v128.store(c2, s21, 16);
          v128.store(c3, s30);
          v128.store(c3, s31, 16);
        }
      }
    }
  }
}
