// Products with few non-zeros, as in ../kernels/sparse.as: the same arrays, and each sum in the same order.
#pragma once

#include "lanes.h"
#include "transpose.h"

enum { MOST_TERMS = 256 };

/** Rows of a dense matrix that are summed, each times a number. */
struct terms {
  const float *rows[MOST_TERMS];
  float values[MOST_TERMS];
  int count;
  /** Whether the sums are stored past the caches. */
  int far;
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
        put(target + at + j * LANES, sums[j], terms->far);                                        \
  } while (0)

static void add_terms(const struct terms *terms, float *target, int64_t n, int first) {
  int64_t at = 0;
  for (; at + SUMS * LANES <= n; at += SUMS * LANES) ADD_VECTORS(SUMS);
  for (; at + SUMS / 2 * LANES <= n; at += SUMS / 2 * LANES) ADD_VECTORS(SUMS / 2);
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
  terms.far = 0;
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

/** Columns of an item of `columnSums`: as rows of the result's transpose, whole cache lines. */
enum { TOGETHER = 16 };
/** Most numbers of a row at a time. */
enum { MOST_WIDE = 192 };

/** A sparse matrix by columns and the dense matrices of its bands: addresses in the shared memory. */
struct term {
  uint32_t starts, order, row_of, values, parts, band_of;
};

/** The non-zeros of a column of a term, and numbers `at`.. of the dense matrix that they are multiplied by. */
struct column {
  uint32_t begin, end;
  const uint32_t *order, *row_of;
  const float *values, *part;
};

INLINE struct column column_of(const struct job *job, const struct term *term, int64_t column, int64_t at) {
  const char *memory = job->memory;
  const uint32_t *starts = (const uint32_t *)(memory + term->starts);
  const uint8_t *band_of = term->band_of ? (const uint8_t *)(memory + term->band_of) : 0;
  const uint32_t *parts = (const uint32_t *)(memory + term->parts);
  const struct column own = {starts[column],
                             starts[column + 1],
                             (const uint32_t *)(memory + term->order),
                             (const uint32_t *)(memory + term->row_of),
                             (const float *)(memory + term->values),
                             part_of(job, parts, band_of ? band_of[column] : 0) + at};
  return own;
}

/** Vectors of a row whose sums stay in registers over all terms. */
enum { DIRECT = 12 };

/** target[0..DIRECT · LANES) = numbers `at`.. of a row of the sum over all terms: no list of them is made. */
static void sum_directly(const struct job *job, const struct term *each, int count, int64_t column, int64_t n,
                         int64_t at, float *target, int far) {
  vec sums[DIRECT];
#pragma clang loop unroll(full)
  for (int j = 0; j < DIRECT; j++) sums[j] = splat(0);
  for (int t = 0; t < count; t++) {
    const struct column own = column_of(job, each + t, column, at);
    for (uint32_t i = own.begin; i < own.end; i++) {
      const vec value = splat(own.values[own.order[i]]);
      const float *row = own.part + own.row_of[i] * n;
#pragma clang loop unroll(full)
      for (int j = 0; j < DIRECT; j++) sums[j] = fused(value, load(row + j * LANES), sums[j]);
    }
  }
#pragma clang loop unroll(full)
  for (int j = 0; j < DIRECT; j++) put(target + j * LANES, sums[j], far);
}

/** target[0..wide) = numbers `at`.. of a row of the sum over all terms: of a column of each sparse matrix. */
static void sum_of_column(const struct job *job, const struct term *each, int count, int64_t column, int64_t n,
                          int64_t at, int64_t wide, float *target, int far) {
  for (; wide >= DIRECT * LANES; wide -= DIRECT * LANES, at += DIRECT * LANES, target += DIRECT * LANES)
    sum_directly(job, each, count, column, n, at, target, far);
  if (wide == 0) return;
  struct terms terms;
  terms.count = 0;
  terms.far = far;
  int first = 1;
  for (int t = 0; t < count; t++) {
    const struct column own = column_of(job, each + t, column, at);
    for (uint32_t i = own.begin; i < own.end; i++)
      add_term(&terms, own.part + own.row_of[i] * n, own.values[own.order[i]], target, wide, &first);
  }
  add_terms(&terms, target, wide, first);
}

/** Rows of a block, each of `wide` numbers, as columns at `to`. */
INLINE void flip_block(const float *block, int rows, int64_t wide, float *to, int64_t to_row, int far) {
  int64_t l = 0;
  if (rows == TOGETHER)
    for (; l + 16 <= wide; l += 16) flip_sixteen(block + l, wide, to + l * to_row, to_row, far);
  for (; l < wide; l++)
    for (int r = 0; r < rows; r++) to[l * to_row + r] = block[r * wide + l];
}

/**
 * Rows of Σ aᵀ · parts over `count` terms, or columns of its transpose if `flipped`. An item has `width`
 * numbers of TOGETHER of the rows. The items of the same numbers follow each other: what they read of the
 * dense matrices stays in the cache.
 */
KERNEL(columnSums) {
  const struct term *each = pointer(job, 0);
  const int count = (int)whole(job, 1), flipped = whole(job, 4) != 0;
  const int64_t columns = whole(job, 2), n = whole(job, 3), width = least(MOST_WIDE, whole(job, 5));
  float *out = pointer(job, 6);
  const int64_t groups = (columns + TOGETHER - 1) / TOGETHER;
  const int far = (flipped ? columns : n) % TOGETHER == 0 && width % TOGETHER == 0 && is_far(columns * n, out);
  for (int64_t item = job->from; item < job->to; item++) {
    const int64_t start = item % groups * TOGETHER, at = item / groups * width;
    const int64_t wide = least(width, n - at);
    const int rows = (int)least(TOGETHER, columns - start);
    float block[TOGETHER * MOST_WIDE];
    for (int r = 0; r < rows; r++) {
      float *target = flipped ? block + r * wide : out + (start + r) * n + at;
      sum_of_column(job, each, count, start + r, n, at, wide, target, far && !flipped);
    }
    if (flipped) flip_block(block, rows, wide, out + at * columns + start, columns, far);
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
