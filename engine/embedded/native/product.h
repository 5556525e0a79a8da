// Dense products, as in ../kernels/gemm.as: c[i, j] is the sum of a[i, l] · b[l, j] over ascending l, each
// product joined to the sum in one rounding. The order does not depend on blocks, so the bits are those of
// relaxed.wasm, and the same for both levels.
#pragma once

#include "room.h"

/** A tile of c, whose sums stay in registers: PRODUCT of ../gemm.ts has its size too. */
#ifdef __AVX512F__
enum { ROWS = 14 };
#else
enum { ROWS = 6 };
#endif
enum { WIDTH = 2 * LANES };
/** Terms that are summed at a time: that part of the rows of a tile fits the L1 cache. */
enum { DEPTH = 384 };
/** Columns of an item: that part of b, packed, fits the L2 cache. */
enum { COLUMNS = 128 };

/** Four rows of four numbers at `from` as columns at `to`. */
INLINE void flip_four(const float *from, int64_t from_row, float *to, int64_t to_row) {
  __m128 r0 = _mm_loadu_ps(from), r1 = _mm_loadu_ps(from + from_row);
  __m128 r2 = _mm_loadu_ps(from + 2 * from_row), r3 = _mm_loadu_ps(from + 3 * from_row);
  _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
  _mm_storeu_ps(to, r0);
  _mm_storeu_ps(to + to_row, r1);
  _mm_storeu_ps(to + 2 * to_row, r2);
  _mm_storeu_ps(to + 3 * to_row, r3);
}

/**
 * Packs `terms` terms of `count` rows of a matrix as [terms][width]; rows from `count` to `width` are 0. The
 * numbers of a row lie side by side, `row` numbers from those of the next.
 */
INLINE void pack_rows(const float *from, int64_t row, int count, int64_t terms, float *to, int width) {
  int r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *source = from + r * row;
    int64_t l = 0;
    for (; l + 4 <= terms; l += 4) flip_four(source + l, row, to + l * width + r, width);
    for (; l < terms; l++)
      for (int j = 0; j < 4; j++) to[l * width + r + j] = source[j * row + l];
  }
  for (; r < width; r++)
    for (int64_t l = 0; l < terms; l++) to[l * width + r] = r < count ? from[r * row + l] : 0;
}

/** As `pack_rows`, of a matrix whose terms are its rows. */
INLINE void pack_columns(const float *from, int64_t row, int count, int64_t terms, float *to, int width) {
  for (int64_t l = 0; l < terms; l++, from += row, to += width) {
    for (int r = 0; r < width; r += LANES) {
      const int lanes = (int)least(LANES, width - r), there = (int)least(lanes, count - r);
      if (there == LANES) store(to + r, load(from + r));
      else store_part(to + r, there > 0 ? load_part(from + r, there) : splat(0), lanes);
    }
  }
}

/** Packs panels of ROWS rows of a [m, k] as [panel][k][ROWS]; a is given as its transpose or not. */
KERNEL(packLeft) {
  const float *a = pointer(job, 0);
  const int64_t m = whole(job, 1), k = whole(job, 2);
  const int flipped = whole(job, 3) != 0;
  float *packed = pointer(job, 4);
  for (int64_t panel = job->from; panel < job->to; panel++) {
    const int64_t row = panel * ROWS;
    const int count = (int)least(ROWS, m - row);
    float *to = packed + row * k;
    if (flipped) pack_columns(a + row, m, count, k, to, ROWS);
    else pack_rows(a + row * k, k, count, k, to, ROWS);
  }
}

/** What is done to a column of c after its last term, as by the kernel `affine`; null leaves it out. */
struct column_factors {
  const float *bias, *scale;
};

/**
 * c[ROWS, WIDTH] = left · right over `terms` terms, added to what is there where they are not the first. It is
 * a function of its own, so that the compiler keeps all sums in registers.
 */
static __attribute__((noinline)) void tile(const float *left, const float *right, float *c, int64_t c_row,
                                           int64_t terms, int first, struct column_factors then) {
  vec sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < ROWS; r++) {
    sums[r][0] = first ? splat(0) : load(c + r * c_row);
    sums[r][1] = first ? splat(0) : load(c + r * c_row + LANES);
  }
  for (int64_t l = 0; l < terms; l++, left += ROWS, right += WIDTH) {
    const vec b0 = load(right), b1 = load(right + LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) {
      const vec x = splat(left[r]);
      sums[r][0] = fused(x, b0, sums[r][0]);
      sums[r][1] = fused(x, b1, sums[r][1]);
    }
  }
  if (then.bias) {
    const vec b0 = load(then.bias), b1 = load(then.bias + LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) {
      sums[r][0] += b0;
      sums[r][1] += b1;
    }
  }
  if (then.scale) {
    const vec s0 = load(then.scale), s1 = load(then.scale + LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) {
      sums[r][0] *= s0;
      sums[r][1] *= s1;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < ROWS; r++) {
    store(c + r * c_row, sums[r][0]);
    store(c + r * c_row + LANES, sums[r][1]);
  }
}

/** A tile at the edge of c, of `rows` rows and `columns` columns. */
static void part_of_tile(const float *left, const float *right, float *c, int64_t c_row, int64_t terms,
                         int first, struct column_factors then, int rows, int columns) {
  float part[ROWS * WIDTH], bias[WIDTH], scale[WIDTH];
  for (int r = 0; r < ROWS; r++)
    for (int j = 0; j < WIDTH; j++)
      part[r * WIDTH + j] = !first && r < rows && j < columns ? c[r * c_row + j] : 0;
  for (int j = 0; j < WIDTH; j++) {
    bias[j] = then.bias && j < columns ? then.bias[j] : 0;
    scale[j] = then.scale && j < columns ? then.scale[j] : 0;
  }
  const struct column_factors whole_then = {then.bias ? bias : 0, then.scale ? scale : 0};
  tile(left, right, part, WIDTH, terms, first, whole_then);
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < columns; j++) c[r * c_row + j] = part[r * WIDTH + j];
}

/**
 * Blocks of c [m, n] = a · b: `high` rows, a multiple of ROWS, by COLUMNS columns, numbered row by row. a is
 * packed, b is given as its transpose or not; a bias of each column is added and a scale multiplied, if they
 * are given. `scratch` has a word for each of `threads` threads, set where
 * its room behind them is in use; all words are 0 at first.
 */
KERNEL(product) {
  const float *packed = pointer(job, 0), *b = pointer(job, 1);
  float *c = pointer(job, 2);
  const int64_t m = whole(job, 3), n = whole(job, 4), k = whole(job, 5), high = whole(job, 7);
  const int flipped = whole(job, 6) != 0;
  const float *bias = pointer(job, 10), *scale = pointer(job, 11);
  const int64_t across = (n + COLUMNS - 1) / COLUMNS;
  int64_t own;
  float *rights = take_room(pointer(job, 8), whole(job, 9), DEPTH * COLUMNS, &own);
  for (int64_t block = job->from; block < job->to; block++) {
    const int64_t row_start = block / across * high, column_start = block % across * COLUMNS;
    const int64_t row_end = least(m, row_start + high), column_end = least(n, column_start + COLUMNS);
    for (int64_t depth = 0; depth < k; depth += DEPTH) {
      const int64_t terms = least(DEPTH, k - depth);
      for (int64_t column = column_start; column < column_end; column += WIDTH) {
        const int count = (int)least(WIDTH, n - column);
        float *to = rights + (column - column_start) * terms;
        if (flipped) pack_rows(b + column * k + depth, k, count, terms, to, WIDTH);
        else pack_columns(b + depth * n + column, n, count, terms, to, WIDTH);
      }
      for (int64_t row = row_start; row < row_end; row += ROWS) {
        const float *left = packed + row * k + depth * ROWS;
        const int rows = (int)least(ROWS, m - row);
        for (int64_t column = column_start; column < column_end; column += WIDTH) {
          const float *right = rights + (column - column_start) * terms;
          const int columns = (int)least(WIDTH, n - column);
          float *to = c + row * n + column;
          const int is_last = depth + terms == k;
          const struct column_factors then = {is_last && bias ? bias + column : 0,
                                              is_last && scale ? scale + column : 0};
          if (rows == ROWS && columns == WIDTH) tile(left, right, to, n, terms, depth == 0, then);
          else part_of_tile(left, right, to, n, terms, depth == 0, then, rows, columns);
        }
      }
    }
  }
  give_back(pointer(job, 8), own);
}
