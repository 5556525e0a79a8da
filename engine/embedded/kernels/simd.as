// Helpers that all kernels use.

/** a · b + c. A build with relaxed SIMD may round once (fused multiply-add). */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f32>(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Sets `bytes` bytes from `at` on to 0; `bytes` is a multiple of 4. */
// @ts-ignore: decorator
@inline
export function clear(at: usize, bytes: usize): void {
  const whole = at + (bytes & ~15);
  const end = at + bytes;
  for (; at < whole; at += 16) v128.store(at, f32x4.splat(0));
  for (; at < end; at += 4) store<f32>(at, 0);
}
