// Vectors of float32 by the widest registers of the level that a library is built for. The names are the same
// for all levels, so that a kernel has one source.
#pragma once

#include "kernel.h"

#ifdef __AVX512F__
typedef __m512 vec;
enum { LANES = 16 };
INLINE vec splat(float x) { return _mm512_set1_ps(x); }
INLINE vec load(const float *at) { return _mm512_loadu_ps(at); }
INLINE void store(float *at, vec x) { _mm512_storeu_ps(at, x); }
/** The first `count` lanes, the others 0; nothing beyond them is touched. */
INLINE vec load_part(const float *at, int count) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), at);
}
INLINE void store_part(float *at, vec x, int count) {
  _mm512_mask_storeu_ps(at, (__mmask16)((1u << count) - 1), x);
}
INLINE vec fused(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vec root(vec x) { return _mm512_sqrt_ps(x); }
INLINE vec or_bits(vec a, vec b) { return _mm512_or_ps(a, b); }
INLINE vec xor_bits(vec a, vec b) { return _mm512_xor_ps(a, b); }
INLINE vec without_sign(vec x) { return _mm512_andnot_ps(splat(-0.0f), x); }
INLINE vec larger(vec a, vec b) { return _mm512_max_ps(a, b); }
INLINE vec smaller(vec a, vec b) { return _mm512_min_ps(a, b); }
/** Stores past the caches, for what is not read soon; `at` is a multiple of a vector's bytes. */
INLINE void stream(float *at, vec x) { _mm512_stream_ps(at, x); }
#else
typedef __m256 vec;
enum { LANES = 8 };
INLINE vec splat(float x) { return _mm256_set1_ps(x); }
INLINE vec load(const float *at) { return _mm256_loadu_ps(at); }
INLINE void store(float *at, vec x) { _mm256_storeu_ps(at, x); }
/** All bits of the first `count` lanes. */
INLINE __m256i first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
/** The first `count` lanes, the others 0; nothing beyond them is touched. */
INLINE vec load_part(const float *at, int count) { return _mm256_maskload_ps(at, first_lanes(count)); }
INLINE void store_part(float *at, vec x, int count) { _mm256_maskstore_ps(at, first_lanes(count), x); }
INLINE vec fused(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vec root(vec x) { return _mm256_sqrt_ps(x); }
INLINE vec or_bits(vec a, vec b) { return _mm256_or_ps(a, b); }
INLINE vec xor_bits(vec a, vec b) { return _mm256_xor_ps(a, b); }
INLINE vec without_sign(vec x) { return _mm256_andnot_ps(splat(-0.0f), x); }
INLINE vec larger(vec a, vec b) { return _mm256_max_ps(a, b); }
INLINE vec smaller(vec a, vec b) { return _mm256_min_ps(a, b); }
INLINE void stream(float *at, vec x) { _mm256_stream_ps(at, x); }
#endif

/**
 * The larger and the smaller as WebAssembly has them: NaN where one is NaN, and -0 below 0. The processor's
 * own give the second operand in both cases.
 */
INLINE vec wasm_max(vec a, vec b) {
  const vec one = larger(a, b), other = larger(b, a);
  return or_bits(one, other) - xor_bits(one, other);
}
INLINE vec wasm_min(vec a, vec b) { return or_bits(smaller(a, b), smaller(b, a)); }
