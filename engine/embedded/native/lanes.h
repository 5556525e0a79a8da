// Sums that WebAssembly makes in lanes of four numbers: the same lanes in the same order, and so the same bits.
#pragma once

#include "job.h"

/** The sum of four lanes in the order of WebAssembly's sumLanes. */
INLINE float sum_lanes(__m128 x) {
  const __m128 pairs = _mm_add_ps(x, _mm_movehdup_ps(x));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehl_ps(pairs, pairs)));
}

/** Rows that are summed at a time: the sums of one alone would wait for each other. */
enum { GROUP = 4 };

/** Sets the addresses of rows from..from + GROUP; beyond `to` the last one stands for those that lack. */
INLINE void group_of(const float *a, int64_t n, int64_t from, int64_t to, const float *rows[GROUP]) {
  for (int g = 0; g < GROUP; g++) rows[g] = a + least(from + g, to - 1) * n;
}

/** The dot products of GROUP pairs of rows, in eight lanes. */
INLINE void dots_of(const float *a[GROUP], const float *b[GROUP], int64_t n, float out[GROUP]) {
  __m256 sums[GROUP];
  for (int g = 0; g < GROUP; g++) sums[g] = _mm256_setzero_ps();
  const int64_t blocks = n & ~7;
  for (int64_t i = 0; i < blocks; i += 8)
    for (int g = 0; g < GROUP; g++)
      sums[g] = _mm256_fmadd_ps(_mm256_loadu_ps(a[g] + i), _mm256_loadu_ps(b[g] + i), sums[g]);
  for (int g = 0; g < GROUP; g++) {
    out[g] = sum_lanes(_mm_add_ps(_mm256_castps256_ps128(sums[g]), _mm256_extractf128_ps(sums[g], 1)));
    for (int64_t i = blocks; i < n; i++) out[g] += a[g][i] * b[g][i];
  }
}
