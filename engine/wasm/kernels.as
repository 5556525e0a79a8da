// The engine's inner loops, AssemblyScript with SIMD over the memory of tfjs' wasm backend. `npm run build:wasm` compiles
// it to kernels.wasm. Pointers are bytes; numbers are f32, rows are contiguous. A sparse matrix is rows of non-zeros:
// offsets[rows + 1], then a column (latent) and a value for each. Latent i belongs to band bandOf[i]; `tables` hold a
// pointer to a dense [rows, n] matrix for each band.

// @ts-ignore: decorator
@inline
function axpy(value: f32, from: usize, to: usize, bytes: usize): void {
  const v = f32x4.splat(value);
  const whole = bytes & ~15;
  let k: usize = 0;
  for (; k < whole; k += 16) {
    v128.store(to + k, f32x4.add(v128.load(to + k), f32x4.mul(v, v128.load(from + k))));
  }
  for (; k < bytes; k += 4) store<f32>(to + k, load<f32>(to + k) + value * load<f32>(from + k));
}

/** band of latent j: table[band][row, :] += value · W[j, :]. */
export function sparseTimesDense(
  rows: i32,
  offsets: usize,
  indices: usize,
  values: usize,
  bandOf: usize,
  table: usize,
  W: usize,
  n: i32,
): void {
  const bytes = <usize>n << 2;
  for (let row = 0; row < rows; row++) {
    const end = load<u32>(offsets + ((<usize>row + 1) << 2));
    for (let at = load<u32>(offsets + (<usize>row << 2)); at < end; at++) {
      const latent = <usize>load<u32>(indices + (<usize>at << 2));
      const to = <usize>load<u32>(table + (<usize>load<u8>(bandOf + latent) << 2));
      axpy(load<f32>(values + (<usize>at << 2)), W + latent * bytes, to + <usize>row * bytes, bytes);
    }
  }
}

/** out[j, :] += value · table[band of latent j][row, :]. */
export function sparseTransposedTimesDense(
  rows: i32,
  offsets: usize,
  indices: usize,
  values: usize,
  bandOf: usize,
  table: usize,
  out: usize,
  n: i32,
): void {
  const bytes = <usize>n << 2;
  for (let row = 0; row < rows; row++) {
    const end = load<u32>(offsets + ((<usize>row + 1) << 2));
    for (let at = load<u32>(offsets + (<usize>row << 2)); at < end; at++) {
      const latent = <usize>load<u32>(indices + (<usize>at << 2));
      const from = <usize>load<u32>(table + (<usize>load<u8>(bandOf + latent) << 2));
      axpy(load<f32>(values + (<usize>at << 2)), from + <usize>row * bytes, out + latent * bytes, bytes);
    }
  }
}

/** dots[at] = table[band of latent j][row, :] · W[j, :] at every non-zero. */
export function dotsAt(
  rows: i32,
  offsets: usize,
  indices: usize,
  dots: usize,
  bandOf: usize,
  table: usize,
  W: usize,
  n: i32,
): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = 0; row < rows; row++) {
    const end = load<u32>(offsets + ((<usize>row + 1) << 2));
    for (let at = load<u32>(offsets + (<usize>row << 2)); at < end; at++) {
      const latent = <usize>load<u32>(indices + (<usize>at << 2));
      const left = <usize>load<u32>(table + (<usize>load<u8>(bandOf + latent) << 2)) + <usize>row * bytes;
      const right = W + latent * bytes;
      let sums = f32x4.splat(0);
      let k: usize = 0;
      for (; k < whole; k += 16) {
        sums = f32x4.add(sums, f32x4.mul(v128.load(left + k), v128.load(right + k)));
      }
      let sum =
        f32x4.extract_lane(sums, 0) +
        f32x4.extract_lane(sums, 1) +
        (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
      for (; k < bytes; k += 4) sum += load<f32>(left + k) * load<f32>(right + k);
      store<f32>(dots + (<usize>at << 2), sum);
    }
  }
}

/** Positions of all values that are not 0, in order; their number, or limit + 1 when there are more than `limit`. */
export function nonZeros(values: usize, count: i32, limit: i32, positions: usize): i32 {
  const zero = f32x4.splat(0);
  let found = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const mask = i32x4.bitmask(f32x4.ne(v128.load(values + (<usize>i << 2)), zero));
    if (mask == 0) continue;
    if (found + 4 > limit && found + popcnt(mask) > limit) return limit + 1;
    for (let lane = 0; lane < 4; lane++) {
      if (!(mask & (1 << lane))) continue;
      store<u32>(positions + (<usize>found << 2), i + lane);
      found++;
    }
  }
  for (; i < count; i++) {
    if (load<f32>(values + (<usize>i << 2)) == 0) continue;
    if (found == limit) return limit + 1;
    store<u32>(positions + (<usize>found << 2), i);
    found++;
  }
  return found;
}

/** Positions of all values above `least`, in order; their number, or limit + 1 when there are more than `limit`. */
export function above(values: usize, count: i32, least: f32, limit: i32, positions: usize): i32 {
  const bound = f32x4.splat(least);
  let found = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const mask = i32x4.bitmask(f32x4.gt(v128.load(values + (<usize>i << 2)), bound));
    if (mask == 0) continue;
    if (found + 4 > limit && found + popcnt(mask) > limit) return limit + 1;
    for (let lane = 0; lane < 4; lane++) {
      if (!(mask & (1 << lane))) continue;
      store<u32>(positions + (<usize>found << 2), i + lane);
      found++;
    }
  }
  for (; i < count; i++) {
    if (!(load<f32>(values + (<usize>i << 2)) > least)) continue;
    if (found == limit) return limit + 1;
    store<u32>(positions + (<usize>found << 2), i);
    found++;
  }
  return found;
}

/** out[j] += Σ_i a[i, j]. */
export function sumRows(a: usize, rows: i32, columns: i32, out: usize): void {
  const bytes = <usize>columns << 2;
  for (let row = 0; row < rows; row++) axpy(1, a + <usize>row * bytes, out, bytes);
}

/** out[i] = |a_i - b_i|² of every row of n numbers. */
export function squaredErrors(a: usize, b: usize, rows: i32, n: i32, out: usize): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = 0; row < rows; row++) {
    const left = a + <usize>row * bytes;
    const right = b + <usize>row * bytes;
    let sums = f32x4.splat(0);
    let k: usize = 0;
    for (; k < whole; k += 16) {
      const d = f32x4.sub(v128.load(left + k), v128.load(right + k));
      sums = f32x4.add(sums, f32x4.mul(d, d));
    }
    let sum =
      f32x4.extract_lane(sums, 0) +
      f32x4.extract_lane(sums, 1) +
      (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
    for (; k < bytes; k += 4) {
      const d = load<f32>(left + k) - load<f32>(right + k);
      sum += d * d;
    }
    store<f32>(out + (<usize>row << 2), sum);
  }
}

/** da = 2 dy (a - b), db = -da, row by row. */
export function squaredErrorsGradients(
  dy: usize,
  a: usize,
  b: usize,
  rows: i32,
  n: i32,
  da: usize,
  db: usize,
): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = 0; row < rows; row++) {
    const factor: f32 = 2 * load<f32>(dy + (<usize>row << 2));
    const factors = f32x4.splat(factor);
    const at = <usize>row * bytes;
    let k: usize = 0;
    for (; k < whole; k += 16) {
      const d = f32x4.mul(factors, f32x4.sub(v128.load(a + at + k), v128.load(b + at + k)));
      v128.store(da + at + k, d);
      v128.store(db + at + k, f32x4.neg(d));
    }
    for (; k < bytes; k += 4) {
      const d = factor * (load<f32>(a + at + k) - load<f32>(b + at + k));
      store<f32>(da + at + k, d);
      store<f32>(db + at + k, -d);
    }
  }
}
