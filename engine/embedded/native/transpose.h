// The transpose of a matrix, as in ../kernels/gemm.as.
#pragma once

#include "job.h"

/** Rows of an item, and of those that are flipped together: each page of the result is then met less often. */
enum { STRIP_ROWS = 16, FLIPPED_ROWS = 64 };

/** Eight rows of eight numbers at `from` as columns at `to`. */
INLINE void flip_eight(const float *from, int64_t from_row, float *to, int64_t to_row) {
  __m256 r[8], pairs[8], fours[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(from + i * from_row);
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + i * to_row, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_row, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31));
  }
}

KERNEL(transpose) {
  const float *a = pointer(job, 0);
  const int64_t rows = whole(job, 1), columns = whole(job, 2);
  float *out = pointer(job, 3);
  const int64_t last = least(rows, job->to * STRIP_ROWS);
  for (int64_t start = job->from * STRIP_ROWS; start < last; start += FLIPPED_ROWS) {
    const int64_t end = least(last, start + FLIPPED_ROWS);
    for (int64_t column = 0; column < columns; column += 8) {
      const int is_whole = column + 8 <= columns;
      int64_t row = start;
      for (; is_whole && row + 8 <= end; row += 8)
        flip_eight(a + row * columns + column, columns, out + column * rows + row, rows);
      for (; row < end; row++)
        for (int64_t j = column; j < least(columns, column + 8); j++) out[j * rows + row] = a[row * columns + j];
    }
  }
}
