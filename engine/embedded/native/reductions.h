// Sums over rows and columns, and kernels that need one, as in ../kernels/reductions.as.
#pragma once

#include "far.h"
#include "lanes.h"

/** Columns of an item. */
enum { STRIP = 64 };

KERNEL(sumColumns) {
  const float *a = pointer(job, 0);
  const int64_t rows = whole(job, 1), columns = whole(job, 2);
  float *out = pointer(job, 3);
  for (int64_t strip = job->from; strip < job->to; strip++) {
    const int64_t start = strip * STRIP, end = least(columns, start + STRIP);
    if (end - start == STRIP) {
      vec sums[STRIP / LANES];
      for (int v = 0; v < STRIP / LANES; v++) sums[v] = splat(0);
      for (int64_t i = 0; i < rows; i++)
        for (int v = 0; v < STRIP / LANES; v++) sums[v] = sums[v] + load(a + i * columns + start + v * LANES);
      for (int v = 0; v < STRIP / LANES; v++) store(out + start + v * LANES, sums[v]);
      continue;
    }
    for (int64_t j = start; j < end; j++) {
      float sum = 0;
      for (int64_t i = 0; i < rows; i++) sum += a[i * columns + j];
      out[j] = sum;
    }
  }
}

/** The sums of GROUP rows of n numbers. */
INLINE void sums_of(const float *rows[GROUP], int64_t n, float out[GROUP]) {
  __m128 sums[GROUP];
  for (int g = 0; g < GROUP; g++) sums[g] = _mm_setzero_ps();
  const int64_t blocks = n & ~3;
  for (int64_t i = 0; i < blocks; i += 4)
    for (int g = 0; g < GROUP; g++) sums[g] = _mm_add_ps(sums[g], _mm_loadu_ps(rows[g] + i));
  for (int g = 0; g < GROUP; g++) {
    out[g] = sum_lanes(sums[g]);
    for (int64_t i = blocks; i < n; i++) out[g] += rows[g][i];
  }
}

/** A sum of each row of `size` numbers in rows of n, GROUP at a time; the last row may be shorter. */
#define ROWS_OF(name, sums_of_rows)                                        \
  KERNEL(name) {                                                           \
    const float *a = pointer(job, 0);                                      \
    const int64_t size = whole(job, 1), n = whole(job, 2);                 \
    const int64_t full = least(job->to, size / n);                         \
    float *out = pointer(job, 3);                                          \
    for (int64_t row = job->from; row < job->to;) {                        \
      const int is_full = row < full;                                      \
      const int64_t end = is_full ? least(full, row + GROUP) : row + 1;    \
      const int64_t count = is_full ? n : size - row * n;                  \
      const float *rows[GROUP];                                            \
      float sums[GROUP];                                                   \
      group_of(a, n, row, end, rows);                                      \
      sums_of_rows;                                                        \
      for (int g = 0; row < end; g++, row++) out[row] = sums[g];           \
    }                                                                      \
  }

ROWS_OF(sumOfRows, sums_of(rows, count, sums))
ROWS_OF(squaresOfRows, dots_of(rows, rows, count, sums))

#undef ROWS_OF

KERNEL(rowDots) {
  const float *a = pointer(job, 0), *v = pointer(job, 1);
  const int64_t n = whole(job, 2);
  float *out = pointer(job, 3);
  const float *same[GROUP];
  for (int g = 0; g < GROUP; g++) same[g] = v;
  for (int64_t row = job->from; row < job->to; row += GROUP) {
    const float *rows[GROUP];
    float dots[GROUP];
    group_of(a, n, row, job->to, rows);
    dots_of(rows, same, n, dots);
    for (int g = 0; g < least(GROUP, job->to - row); g++) out[row + g] = dots[g];
  }
}

/** Runs the body for the vectors of a row of n numbers; `part` of the lanes are there, all but at its end. */
#define FOR_VECTORS(n)                                  \
  for (int64_t i = 0, part; part = least(LANES, (n)-i), i < (n); i += LANES)
#define LOAD(at) (part == LANES ? load((at) + i) : load_part((at) + i, (int)part))
#define STORE(at, x) (part == LANES ? store((at) + i, x) : store_part((at) + i, x, (int)part))
#define PUT(at, x) (part == LANES ? put((at) + i, x, far) : store_part((at) + i, x, (int)part))

INLINE float root_of(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }

KERNEL(unitRows) {
  const float *W = pointer(job, 0);
  const int64_t n = whole(job, 1);
  const float floor = number(job, 2);
  float *unit = pointer(job, 3), *norms = pointer(job, 4);
  const int far = n % LANES == 0 && is_far(job->to * n, unit);
  for (int64_t row = job->from; row < job->to; row += GROUP) {
    const float *rows[GROUP];
    float squares[GROUP];
    group_of(W, n, row, job->to, rows);
    dots_of(rows, rows, n, squares);
    for (int g = 0; g < least(GROUP, job->to - row); g++) {
      const float root = root_of(squares[g]);
      // NaN stays, so that it shows in the loss.
      const float norm = root < floor ? floor : root;
      norms[row + g] = norm;
      const vec factor = splat(1 / norm);
      FOR_VECTORS(n) PUT(unit + (row + g) * n, LOAD(rows[g]) * factor);
    }
  }
}

/** Its last numbers, fewer than four, are not fused, as in WebAssembly. */
KERNEL(unitRowsGradient) {
  const float *unit = pointer(job, 0), *norms = pointer(job, 1);
  const float *dunit = pointer(job, 2), *dnorms = pointer(job, 3);
  const int64_t n = whole(job, 4), blocks = n & ~3;
  const float floor = number(job, 5);
  float *dW = pointer(job, 6);
  const int far = n % LANES == 0 && is_far(job->to * n, dW);
  for (int64_t row = job->from; row < job->to; row += GROUP) {
    const float *u[GROUP], *du[GROUP];
    float dots[GROUP];
    group_of(unit, n, row, job->to, u);
    group_of(dunit, n, row, job->to, du);
    dots_of(u, du, n, dots);
    for (int g = 0; g < least(GROUP, job->to - row); g++) {
      const float norm = norms[row + g], inverse = 1 / norm;
      const float along = norm > floor ? dnorms[row + g] - dots[g] * inverse : 0;
      float *target = dW + (row + g) * n;
      FOR_VECTORS(blocks) PUT(target, fused(splat(along), LOAD(u[g]), LOAD(du[g]) * splat(inverse)));
      for (int64_t i = blocks; i < n; i++) target[i] = du[g][i] * inverse + along * u[g][i];
    }
  }
}

#undef FOR_VECTORS
#undef LOAD
#undef STORE
#undef PUT
