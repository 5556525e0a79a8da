// Bounds of the features in buckets, in whole numbers (whole-numbers.ts): the same as fireBounds of kernels.as.
#pragma once

#include "kernel.h"

/** Members of a bucket: plan.ts has the same constant. */
enum { BUCKET = 32 };
/** Rows that are computed at a time. */
enum { SOME = 4 };

#ifdef __AVX512F__
typedef __m512i whole;
INLINE whole splat_pair(int32_t x) { return _mm512_set1_epi32(x); }
INLINE whole load_whole(const void *at) { return _mm512_loadu_si512(at); }
INLINE whole add_pairs(whole sum, whole a, whole b) { return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b)); }
/** Two vectors of i32 without their last bits as i16, where they do not fit the largest or smallest. */
INLINE __m256i narrow(whole x, __m128i shift) { return _mm512_cvtsepi32_epi16(_mm512_sra_epi32(x, shift)); }
#else
typedef __m256i whole;
INLINE whole splat_pair(int32_t x) { return _mm256_set1_epi32(x); }
INLINE whole load_whole(const void *at) { return _mm256_loadu_si256(at); }
INLINE whole add_pairs(whole sum, whole a, whole b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
#endif
/** Vectors of 32 bits that a bucket has. */
enum { PARTS = BUCKET * 4 / sizeof(whole) };

/** Writes the 32 sums of a bucket and a row as i16; returns the largest. */
INLINE int16_t write_bounds(int16_t *out, const whole *sums, __m128i shift) {
#ifdef __AVX512F__
  const __m256i low = narrow(sums[0], shift), high = narrow(sums[1], shift);
#else
  // packs takes the halves of its two operands in turn.
  const __m256i low = _mm256_permute4x64_epi64(
      _mm256_packs_epi32(_mm256_sra_epi32(sums[0], shift), _mm256_sra_epi32(sums[1], shift)), 0xd8);
  const __m256i high = _mm256_permute4x64_epi64(
      _mm256_packs_epi32(_mm256_sra_epi32(sums[2], shift), _mm256_sra_epi32(sums[3], shift)), 0xd8);
#endif
  _mm256_storeu_si256((__m256i *)out, low);
  _mm256_storeu_si256((__m256i *)(out + 16), high);
  const __m256i both = _mm256_max_epi16(low, high);
  const __m128i eight = _mm_max_epi16(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  // The processor finds the smallest of eight numbers without a sign: turned round, the largest.
  const __m128i turned = _mm_minpos_epu16(_mm_xor_si128(eight, _mm_set1_epi16(0x7fff)));
  return (int16_t)(_mm_extract_epi16(turned, 0) ^ 0x7fff);
}

/** out[row][bucket][32] and maxima[row][bucket] of `rows`, a multiple of SOME. */
static void fire_bounds(const int32_t *factors, const int16_t *loadings, const int32_t *offsets, int16_t *out,
                        int16_t *maxima, int rows, int buckets, int pairs, int shift) {
  const __m128i by = _mm_cvtsi32_si128(shift);
  for (int bucket = 0; bucket < buckets; bucket++) {
    const char *load = (const char *)(loadings + (int64_t)bucket * pairs * BUCKET * 2);
    const char *offset = (const char *)(offsets + bucket * BUCKET);
    for (int row = 0; row < rows; row += SOME) {
      const int32_t *z = factors + row * pairs;
      whole sums[SOME][PARTS];
      for (int i = 0; i < SOME; i++)
        for (int part = 0; part < PARTS; part++) sums[i][part] = load_whole(offset + part * sizeof(whole));
      for (int pair = 0; pair < pairs; pair++) {
        whole there[PARTS];
        for (int part = 0; part < PARTS; part++)
          there[part] = load_whole(load + pair * BUCKET * 4 + part * sizeof(whole));
        for (int i = 0; i < SOME; i++) {
          const whole factor = splat_pair(z[i * pairs + pair]);
          for (int part = 0; part < PARTS; part++) sums[i][part] = add_pairs(sums[i][part], factor, there[part]);
        }
      }
      for (int i = 0; i < SOME; i++) {
        const int64_t at = (int64_t)(row + i) * buckets + bucket;
        maxima[at] = write_bounds(out + at * BUCKET, sums[i], by);
      }
    }
  }
}
