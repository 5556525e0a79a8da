// Products with few non-zeros and the search for large numbers, as in ../kernels/sparse.as: the same arrays, and
// each sum in the same order.
#pragma once

#include "lanes.h"

enum { MOST_TERMS = 256 };

/** Rows of a dense matrix that are summed, each times a number. */
struct terms {
  const float *rows[MOST_TERMS];
  float values[MOST_TERMS];
  int count;
};

/** Vectors of sums that stay in registers, beside those that a term needs. */
#ifdef __AVX512F__
enum { SUMS = 24 };
#else
enum { SUMS = 12 };
#endif

/** target[at..at + vectors · LANES] = the terms there, after what stands there where they are not the first. */
#define ADD_VECTORS(vectors)                                                                      \
  do {                                                                                            \
    vec sums[vectors];                                                                            \
    _Pragma("clang loop unroll(full)") for (int j = 0; j < (vectors); j++)                        \
        sums[j] = first ? splat(0) : load(target + at + j * LANES);                               \
    for (int t = 0; t < terms->count; t++) {                                                      \
      const vec value = splat(terms->values[t]);                                                  \
      const float *row = terms->rows[t] + at;                                                     \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < (vectors); j++)                      \
          sums[j] = fused(value, load(row + j * LANES), sums[j]);                                 \
    }                                                                                             \
    _Pragma("clang loop unroll(full)") for (int j = 0; j < (vectors); j++)                        \
        store(target + at + j * LANES, sums[j]);                                                  \
  } while (0)

static void add_terms(const struct terms *terms, float *target, int64_t n, int first) {
  int64_t at = 0;
  for (; at + SUMS * LANES <= n; at += SUMS * LANES) ADD_VECTORS(SUMS);
  for (; at + 4 * LANES <= n; at += 4 * LANES) ADD_VECTORS(4);
  for (; at < n; at += LANES) {
    const int part = (int)least(LANES, n - at);
    vec sum = first ? splat(0) : load_part(target + at, part);
    for (int t = 0; t < terms->count; t++)
      sum = fused(splat(terms->values[t]), load_part(terms->rows[t] + at, part), sum);
    store_part(target + at, sum, part);
  }
}

/** Adds a term, and the terms so far to the target where there is no more room. */
INLINE void add_term(struct terms *terms, const float *row, float value, float *target, int64_t n, int *first) {
  if (terms->count == MOST_TERMS) {
    add_terms(terms, target, n, *first);
    terms->count = 0;
    *first = 0;
  }
  terms->rows[terms->count] = row;
  terms->values[terms->count++] = value;
}

/** The matrix of a band: parts has addresses in the shared memory. */
INLINE float *part_of(const struct job *job, const uint32_t *parts, int band) {
  return (float *)(job->memory + parts[band]);
}

KERNEL(sparseRows) {
  const uint32_t *offsets = pointer(job, 0), *indices = pointer(job, 1);
  const float *values = pointer(job, 2);
  const uint8_t *band_of = pointer(job, 3);
  const int bands = (int)whole(job, 4);
  const uint32_t *parts = pointer(job, 5);
  const float *W = pointer(job, 6);
  const int64_t n = whole(job, 7);
  struct terms terms;
  for (int64_t row = job->from; row < job->to; row++) {
    for (int band = 0; band < bands; band++) {
      float *target = part_of(job, parts, band) + row * n;
      int first = 1;
      terms.count = 0;
      for (uint32_t at = offsets[row]; at < offsets[row + 1]; at++) {
        const int64_t latent = indices[at];
        if (band_of && band_of[latent] != band) continue;
        add_term(&terms, W + latent * n, values[at], target, n, &first);
      }
      add_terms(&terms, target, n, first);
    }
  }
}

KERNEL(sparseColumns) {
  const uint32_t *starts = pointer(job, 0), *order = pointer(job, 1), *row_of = pointer(job, 2);
  const float *values = pointer(job, 3);
  const uint8_t *band_of = pointer(job, 4);
  const uint32_t *parts = pointer(job, 5);
  const int64_t n = whole(job, 6);
  float *out = pointer(job, 7);
  struct terms terms;
  for (int64_t column = job->from; column < job->to; column++) {
    const float *part = part_of(job, parts, band_of ? band_of[column] : 0);
    float *target = out + column * n;
    int first = 1;
    terms.count = 0;
    for (uint32_t at = starts[column]; at < starts[column + 1]; at++)
      add_term(&terms, part + row_of[at] * n, values[order[at]], target, n, &first);
    add_terms(&terms, target, n, first);
  }
}

/** Sixteen lanes of sums; lane i has the numbers i, i + 16, ... */
struct lanes {
#ifdef __AVX512F__
  __m512 all;
#else
  __m256 low, high;
#endif
};
INLINE struct lanes no_lanes(void) {
  struct lanes none;
#ifdef __AVX512F__
  none.all = splat(0);
#else
  none.low = none.high = splat(0);
#endif
  return none;
}
INLINE struct lanes fused_lanes(const float *a, const float *b, struct lanes sums) {
#ifdef __AVX512F__
  sums.all = fused(load(a), load(b), sums.all);
#else
  sums.low = fused(load(a), load(b), sums.low);
  sums.high = fused(load(a + 8), load(b + 8), sums.high);
#endif
  return sums;
}
INLINE __m128 quarter(struct lanes x, int i) {
#ifdef __AVX512F__
  return i == 0   ? _mm512_extractf32x4_ps(x.all, 0)
         : i == 1 ? _mm512_extractf32x4_ps(x.all, 1)
         : i == 2 ? _mm512_extractf32x4_ps(x.all, 2)
                  : _mm512_extractf32x4_ps(x.all, 3);
#else
  const __m256 half = i < 2 ? x.low : x.high;
  return i & 1 ? _mm256_extractf128_ps(half, 1) : _mm256_castps256_ps128(half);
#endif
}

/** What is left of a dot product after its blocks of sixteen. */
static float end_of_dot(const float *a, const float *b, int64_t from, int64_t n, struct lanes sums) {
  __m128 first = quarter(sums, 0);
  int64_t i = from;
  for (; i + 4 <= n; i += 4) first = _mm_fmadd_ps(_mm_loadu_ps(a + i), _mm_loadu_ps(b + i), first);
  const __m128 low = _mm_add_ps(first, quarter(sums, 1));
  float sum = sum_lanes(_mm_add_ps(low, _mm_add_ps(quarter(sums, 2), quarter(sums, 3))));
  for (; i < n; i++) sum += a[i] * b[i];
  return sum;
}

KERNEL(sparseDots) {
  const uint32_t *offsets = pointer(job, 0), *indices = pointer(job, 1);
  const uint8_t *band_of = pointer(job, 2);
  const uint32_t *parts = pointer(job, 3);
  const float *W = pointer(job, 4);
  const int64_t n = whole(job, 5), blocks = n & ~15;
  float *dots = pointer(job, 6);
  for (int64_t row = job->from; row < job->to; row++) {
    const uint32_t end = offsets[row + 1];
    for (uint32_t at = offsets[row]; at < end; at += GROUP) {
      const int count = (int)least(GROUP, end - at);
      const float *left[GROUP], *right[GROUP];
      struct lanes sums[GROUP];
      for (int t = 0; t < GROUP; t++) {
        // Of fewer, the last one stands for those that lack.
        const int64_t latent = indices[at + (t < count ? t : count - 1)];
        left[t] = part_of(job, parts, band_of ? band_of[latent] : 0) + row * n;
        right[t] = W + latent * n;
        sums[t] = no_lanes();
      }
      for (int64_t i = 0; i < blocks; i += 16)
        for (int t = 0; t < GROUP; t++) sums[t] = fused_lanes(left[t] + i, right[t] + i, sums[t]);
      for (int t = 0; t < count; t++) dots[at + t] = end_of_dot(left[t], right[t], blocks, n, sums[t]);
    }
  }
}

/** Bit i: whether number i of LANES is above the bound, or NaN; with `any`, whether it is not 0. */
INLINE uint32_t found_at(vec x, vec bound, int any) {
#ifdef __AVX512F__
  return any ? _mm512_cmp_ps_mask(x, splat(0), _CMP_NEQ_UQ) : _mm512_cmp_ps_mask(x, bound, _CMP_NLE_UQ);
#else
  return (uint32_t)_mm256_movemask_ps(any ? _mm256_cmp_ps(x, splat(0), _CMP_NEQ_UQ)
                                          : _mm256_cmp_ps(x, bound, _CMP_NLE_UQ));
#endif
}

INLINE uint32_t bits_of(float x) {
  union {
    float number;
    uint32_t bits;
  } both = {x};
  return x == x ? both.bits : 0x7fffffff;
}

KERNEL(above) {
  const float *values = pointer(job, 0);
  const int64_t size = whole(job, 1), block = whole(job, 2);
  const float bound = number(job, 3);
  const int any = bound != bound;
  uint32_t *positions = pointer(job, 4), *counts = pointer(job, 5), *bits = pointer(job, 6);
  for (int64_t i = job->from; i < job->to; i++) {
    const int64_t start = i * block, end = least(size, start + block);
    int64_t to = start;
    for (int64_t at = start; at < end; at += LANES) {
      const int part = (int)least(LANES, end - at);
      const vec x = part == LANES ? load(values + at) : load_part(values + at, part);
      uint32_t mask = found_at(x, splat(bound), any) & ((1u << part) - 1);
      for (; mask; mask &= mask - 1) {
        const int64_t found = at + __builtin_ctz(mask);
        positions[to] = (uint32_t)found;
        if (bits) bits[to] = bits_of(values[found]);
        to++;
      }
    }
    counts[i] = (uint32_t)(to - start);
  }
}

/** The bits of infinity: those of positive numbers are from 1 to these, those of a NaN above. */
#define INFINITE 0x7f800000u
#define NEGATIVE 0x80000000u

/** Counts the positive values by their bits 21 to 30. */
KERNEL(histogram) {
  const uint32_t *patterns = pointer(job, 0);
  const int64_t size = whole(job, 1), block = whole(job, 2);
  uint32_t *counts = pointer(job, 3);
  // All values are counted first, negative ones in bins that nobody reads, since the processor would guess at
  // half of them. Two that follow each other have counts of their own, so that the second need not wait.
  enum { BINS = 1024 };
  uint32_t bins[2][2 * BINS];
  for (int64_t i = job->from; i < job->to; i++) {
    for (int b = 0; b < 2 * BINS; b++) bins[0][b] = bins[1][b] = 0;
    const int64_t start = i * block, end = least(size, start + block);
    for (int64_t at = start; at < end; at++) bins[at & 1][patterns[at] >> 21]++;
    uint32_t zeros = 0, nans = 0;
    for (int64_t at = start; at < end; at++) {
      zeros += patterns[at] == 0;
      nans += patterns[at] > INFINITE && patterns[at] < NEGATIVE;
    }
    bins[0][0] -= zeros;
    for (int64_t at = start; at < end && nans > 0; at++) {
      if (patterns[at] <= INFINITE || patterns[at] >= NEGATIVE) continue;
      bins[0][patterns[at] >> 21]--;
      nans--;
    }
    for (int b = 0; b < BINS; b++) counts[BINS * i + b] = bins[0][b] + bins[1][b];
  }
}
