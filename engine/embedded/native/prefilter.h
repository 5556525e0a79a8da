// Which numbers of (x · W + bias) · scale may exceed a bound: ../prefilter.ts. A product of whole numbers of 8 bits
// is near each number, and a bound of its error says which of them need not be computed; the others are computed,
// with the bits that product.h gives them. Tests that leave out safely what cannot matter are known from regression:
// El Ghaoui, Viallon and Rabbani (2010), "Safe feature elimination", arXiv:1009.4219.
#pragma once

#include "product.h"
#include "scan.h"
#include "transpose.h"

#ifdef __AVX512F__
#define VNNI __attribute__((target("avx512vnni")))

/** Terms of a line at most, so that no sum of whole numbers is too large. SIZES of ../prefilter.ts has it too. */
enum { MOST_PREFILTERED = 8192 };
/** Whole numbers go from -STEPS to STEPS; those of W are stored as themselves plus 128. */
#define STEPS 127.0f
/** Above the rounding of norms, relative and absolute. */
#define NORM_SLACK 1.0001f
#define LEAST_NORM 1e-20f
/** Squares of lines below this have products without infinities. */
#define MOST_SQUARE 1e36f
/** Above the rounding of sums and products in float32, of each term and of the rest. */
#define ROUNDING 0x1.1p-24f
enum { MORE_TERMS = 64 };

/** Of each line: its unit, |line - units|, |units|, |line|, and Σ of its whole numbers (int32), each for all lines. */
enum { UNIT = 0, ERROR = 1, LENGTH = 2, NORM = 3, SUM = 4 };

INLINE float upper_root(float x) {
  return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))) * NORM_SLACK + LEAST_NORM;
}

/** The whole numbers of a line of k numbers, and what is known of them at factors[i * stride]. */
INLINE void quantise_line(const float *line, int64_t k, int8_t *to, float *factors, int64_t stride) {
  vec most = splat(0), squares = splat(0);
  for (int64_t l = 0; l < k; l += LANES) {
    const vec x = load_part(line + l, (int)least(LANES, k - l));
    most = larger(without_sign(x), most);
    squares = fused(x, x, squares);
  }
  const float largest = _mm512_reduce_max_ps(most), square = _mm512_reduce_add_ps(squares);
  // Sums of larger numbers may overflow on the way.
  const int is_known = square < MOST_SQUARE;
  // Below, the reciprocal would be infinite: such a line counts as 0.
  const int is_zero = !is_known || largest < 1e-30f;
  const float unit = is_zero ? 0 : largest / STEPS, times = is_zero ? 0 : STEPS / largest;
  vec errors = splat(0), lengths = splat(0);
  __m512i sum = _mm512_setzero_si512();
  for (int64_t l = 0; l < k; l += LANES) {
    const vec x = load_part(line + l, (int)least(LANES, k - l));
    const __m512i whole_numbers = is_zero ? _mm512_setzero_si512() : _mm512_cvtps_epi32(x * splat(times));
    const vec near = _mm512_cvtepi32_ps(whole_numbers) * splat(unit), error = x - near;
    errors = fused(error, error, errors);
    lengths = fused(near, near, lengths);
    sum = _mm512_add_epi32(sum, whole_numbers);
    _mm_storeu_si128((__m128i *)(to + l), _mm512_cvtsepi32_epi8(whole_numbers));
  }
  factors[UNIT * stride] = unit;
  // Of other lines nothing is known: every comparison with NaN keeps a number.
  factors[ERROR * stride] = is_known ? upper_root(_mm512_reduce_add_ps(errors)) : __builtin_nanf("");
  factors[LENGTH * stride] = upper_root(_mm512_reduce_add_ps(lengths));
  factors[NORM * stride] = upper_root(square);
  ((int32_t *)factors)[SUM * stride] = _mm512_reduce_add_epi32(sum);
}

/**
 * Panels of `wide` lines of k numbers as whole numbers: [panel][word of four terms][line], plus 128 if `is_right`.
 * `factors` has five numbers of each line, those of all lines of all panels after each other.
 */
KERNEL(quantise) {
  const float *from = pointer(job, 0);
  const int64_t lines = whole(job, 1), k = whole(job, 2), wide = whole(job, 3);
  const uint32_t flip = whole(job, 4) != 0 ? 0x80808080u : 0;
  uint32_t *out = pointer(job, 5);
  float *factors = pointer(job, 6);
  const int64_t stride = (lines + wide - 1) / wide * wide, words = (k + 3) / 4;
  int8_t line[MOST_PREFILTERED + LANES] __attribute__((aligned(64)));
  for (int64_t panel = job->from; panel < job->to; panel++) {
    uint32_t *to = out + panel * words * wide;
    for (int64_t r = 0; r < wide; r++) {
      const int64_t i = panel * wide + r;
      const int is_there = i < lines;
      quantise_line(is_there ? from + i * k : from, is_there ? k : 0, line, factors + i, stride);
      for (int64_t word = 0; word < words; word++)
        to[word * wide + r] = (is_there ? ((const uint32_t *)line)[word] : 0) ^ flip;
    }
  }
}

/** What a tile needs of its rows and columns, the first of each. */
struct tile_factors {
  const float *rows, *columns;
  int64_t row_stride, column_stride;
  /** What a number must exceed before bias and scale, less the bias. */
  const float *bounds;
  /** The error of a sum in float32, of |x| · |w|. */
  float rounding;
  /** A bit for each column that there is. */
  uint32_t there;
};

/**
 * Sets a bit for each number of a tile of ROWS by WIDTH that may exceed its bound; rows from `rows` on are left out.
 * How many bits are set.
 */
VNNI static __attribute__((noinline)) int64_t prefilter_tile(const int32_t *left, const int32_t *right, int64_t words,
                                                             const struct tile_factors *of, uint32_t *marks,
                                                             int64_t marks_row, int rows) {
  __m512i sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < ROWS; r++) sums[r][0] = sums[r][1] = _mm512_setzero_si512();
  for (int64_t word = 0; word < words; word++, left += ROWS, right += WIDTH) {
    const __m512i b0 = _mm512_loadu_si512(right), b1 = _mm512_loadu_si512(right + LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) {
      const __m512i x = _mm512_set1_epi32(left[r]);
      sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], b0, x);
      sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], b1, x);
    }
  }
  const float *const w = of->columns;
  int64_t count = 0;
#pragma clang loop unroll(full)
  for (int r = 0; r < ROWS; r++) {
    const float *const x = of->rows + r;
    const vec unit = splat(x[UNIT * of->row_stride]), length = splat(x[LENGTH * of->row_stride]);
    const float norm = x[NORM * of->row_stride];
    const vec error = splat(x[ERROR * of->row_stride] + of->rounding * norm);
    const __m512i offset = _mm512_set1_epi32(128 * ((const int32_t *)x)[SUM * of->row_stride]);
    uint32_t found = 0;
    for (int j = 0; j < 2; j++) {
      const float *const column = w + j * LANES;
      // One unit after the other: their product may be too small a number.
      const vec near = _mm512_cvtepi32_ps(_mm512_sub_epi32(sums[r][j], offset)) * unit *
                       load(column + UNIT * of->column_stride);
      const vec error_of_x = fused(error, load(column + NORM * of->column_stride), near);
      const vec upper = fused(length, load(column + ERROR * of->column_stride), error_of_x);
      const uint32_t above = _mm512_cmp_ps_mask(upper, load(of->bounds + j * LANES), _CMP_NLE_UQ);
      found |= above << (j * LANES);
    }
    if (r < rows) {
      found &= of->there;
      marks[r * marks_row] = found;
      count += __builtin_popcount(found);
    }
  }
  return count;
}

/** Columns of an item. */
enum { PREFILTER_COLUMNS = 256 };

/** Biases below this have sums without infinities: a product is below MOST_SQUARE. */
#define MOST_BIAS 1e38f

/**
 * What column j of the product must exceed so that (product + bias) · scale may exceed `bound`, less what rounds.
 * -infinity where scale is not a positive number, or bias is NaN or very large.
 */
INLINE float bound_of(float bound, float bias, float scale) {
  if (!(scale > 0 && scale < __builtin_inff() && bias < MOST_BIAS)) return -__builtin_inff();
  const float inner = bound / scale;
  if (inner == __builtin_inff()) return inner;
  const float rounds = 1e-6f * ((inner < 0 ? -inner : inner) + (bias < 0 ? -bias : bias));
  return inner - bias - rounds;
}

/**
 * Marks the numbers that may exceed the bound: a bit each, in words of 32 columns of a row. Items are `high` rows, a
 * multiple of ROWS, by PREFILTER_COLUMNS columns, numbered row by row; `counts` has how many bits each item sets.
 */
KERNEL(prefilter) {
  const int32_t *left = pointer(job, 0), *right = pointer(job, 1);
  const float *rows_of = pointer(job, 2), *columns_of = pointer(job, 3);
  const int64_t m = whole(job, 4), n = whole(job, 5), k = whole(job, 6), high = whole(job, 7);
  const float *bias = pointer(job, 8), *scale = pointer(job, 9), *own_bounds = pointer(job, 10);
  const float bound = number(job, 11);
  uint32_t *marks = pointer(job, 12), *counts = pointer(job, 13);
  const int64_t words = (k + 3) / 4, marks_row = (n + WIDTH - 1) / WIDTH, across = (n + PREFILTER_COLUMNS - 1) / PREFILTER_COLUMNS;
  const int64_t row_stride = (m + ROWS - 1) / ROWS * ROWS, column_stride = marks_row * WIDTH;
  float bounds[PREFILTER_COLUMNS];
  for (int64_t item = job->from; item < job->to; item++) {
    const int64_t row_start = item / across * high, row_end = least(m, row_start + high);
    const int64_t column_start = item % across * PREFILTER_COLUMNS, columns = least(PREFILTER_COLUMNS, n - column_start);
    for (int64_t j = 0; j < PREFILTER_COLUMNS; j++) {
      const int64_t column = column_start + j;
      const float own = own_bounds && j < columns && own_bounds[column] > bound ? own_bounds[column] : bound;
      bounds[j] = j < columns ? bound_of(own, bias ? bias[column] : 0, scale ? scale[column] : 1) : 0;
    }
    int64_t count = 0;
    for (int64_t row = row_start; row < row_end; row += ROWS)
      for (int64_t j = 0; j < columns; j += WIDTH) {
        const int64_t column = column_start + j;
        const struct tile_factors of = {rows_of + row, columns_of + column, row_stride, column_stride, bounds + j,
                                        (float)(k + MORE_TERMS) * ROUNDING,
                                        columns - j < WIDTH ? (1u << (columns - j)) - 1 : ~0u};
        count += prefilter_tile(left + row * words, right + column * words, words, &of,
                             marks + row * marks_row + column / WIDTH, marks_row, (int)least(ROWS, m - row));
      }
    counts[item] = (uint32_t)count;
  }
}

/** The columns whose bits are set in a row of `words` words of marks. */
INLINE int64_t marked_columns(const uint32_t *marks, int64_t words, uint32_t *columns) {
  int64_t count = 0;
  for (int64_t word = 0; word < words; word++)
    for (uint32_t bits = marks[word]; bits; bits &= bits - 1)
      columns[count++] = (uint32_t)(word * WIDTH) + (uint32_t)__builtin_ctz(bits);
  return count;
}

/**
 * The numbers of row x of a product at `count` columns, at most LANES, of W, given as its transpose. Each is a sum of
 * one term after another, as `tile` of product.h makes it.
 */
INLINE void exact_numbers(const float *x, const float *W, int64_t k, const uint32_t *columns, int count, float *out) {
  const float *lines[LANES];
  for (int i = 0; i < LANES; i++) lines[i] = W + columns[i < count ? i : 0] * k;
  vec sum = splat(0);
  int64_t l = 0;
  for (; l + LANES <= k; l += LANES) {
    vec w[LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) w[i] = load(lines[i] + l);
    flip_vectors(w);
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) sum = fused(splat(x[l + i]), w[i], sum);
  }
  for (; l < k; l++) {
    float w[LANES];
    for (int i = 0; i < LANES; i++) w[i] = lines[i][l];
    sum = fused(splat(x[l]), load(w), sum);
  }
  store(out, sum);
}

/**
 * Of the marked numbers of x [m, k] · W those that are greater than the bound, or NaN: as `above` writes them, for
 * blocks of `high` rows. W is given as its transpose [n, k].
 */
KERNEL(exactAbove) {
  const float *x = pointer(job, 0), *W = pointer(job, 1);
  const int64_t m = whole(job, 2), n = whole(job, 3), k = whole(job, 4), high = whole(job, 5);
  const float *bias = pointer(job, 6), *scale = pointer(job, 7);
  const float bound = number(job, 8);
  const uint32_t *marks = pointer(job, 9);
  uint32_t *positions = pointer(job, 10), *counts = pointer(job, 11), *bits = pointer(job, 12);
  const int64_t words = (n + WIDTH - 1) / WIDTH;
  for (int64_t block = job->from; block < job->to; block++) {
    const int64_t start = block * high * n;
    int64_t to = start;
    for (int64_t row = block * high; row < least(m, (block + 1) * high); row++) {
      // What is found takes the place of candidates, of which there are as many or more.
      uint32_t *columns = positions + to;
      const int64_t candidates = marked_columns(marks + row * words, words, columns);
      for (int64_t at = 0; at < candidates; at += LANES) {
        float numbers[LANES];
        const int count = (int)least(LANES, candidates - at);
        exact_numbers(x + row * k, W, k, columns + at, count, numbers);
        for (int i = 0; i < count; i++) {
          const uint32_t column = columns[at + i];
          float value = numbers[i];
          if (bias) value += bias[column];
          if (scale) value *= scale[column];
          if (value <= bound) continue;
          positions[to] = (uint32_t)(row * n) + column;
          bits[to++] = bits_of(value);
        }
      }
    }
    counts[block] = (uint32_t)(to - start);
  }
}
#endif
