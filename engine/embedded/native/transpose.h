// The transpose of a matrix, as in ../kernels/gemm.as.
#pragma once

#include "far.h"

/** Rows of an item: a cache line of the result. */
enum { STRIP_ROWS = 16 };

#ifdef __AVX512F__
/** Sixteen vectors as the rows of a matrix: those of its columns. */
INLINE void flip_vectors(vec a[16]) {
  vec b[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 4) {
    a[i] = _mm512_shuffle_ps(b[i], b[i + 2], 0x44);
    a[i + 1] = _mm512_shuffle_ps(b[i], b[i + 2], 0xee);
    a[i + 2] = _mm512_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    a[i + 3] = _mm512_shuffle_ps(b[i + 1], b[i + 3], 0xee);
  }
  // a[4 g + c] has column c of every four columns of the rows 4 g to 4 g + 3.
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; c++) {
    b[c] = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88);
    b[4 + c] = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xdd);
    b[8 + c] = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88);
    b[12 + c] = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xdd);
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; c++) {
    a[c] = _mm512_shuffle_f32x4(b[c], b[8 + c], 0x88);
    a[4 + c] = _mm512_shuffle_f32x4(b[4 + c], b[12 + c], 0x88);
    a[8 + c] = _mm512_shuffle_f32x4(b[c], b[8 + c], 0xdd);
    a[12 + c] = _mm512_shuffle_f32x4(b[4 + c], b[12 + c], 0xdd);
  }
}

/** Sixteen rows of sixteen numbers at `from` as columns at `to`: whole cache lines. */
INLINE void flip_sixteen(const float *from, int64_t from_row, float *to, int64_t to_row, int far) {
  vec a[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) a[i] = load(from + i * from_row);
  flip_vectors(a);
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) put(to + i * to_row, a[i], far);
}
#else
/** The columns of eight rows of eight numbers at `from`. */
INLINE void flip_eight(const float *from, int64_t from_row, __m256 columns[8]) {
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
    columns[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    columns[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

/** Sixteen rows of sixteen numbers. Both halves of a line are stored together: half a line alone takes longer. */
INLINE void flip_sixteen(const float *from, int64_t from_row, float *to, int64_t to_row, int far) {
  for (int j = 0; j < 16; j += 8) {
    __m256 first[8], second[8];
    flip_eight(from + j, from_row, first);
    flip_eight(from + 8 * from_row + j, from_row, second);
    for (int c = 0; c < 8; c++) {
      put(to + (j + c) * to_row, first[c], far);
      put(to + (j + c) * to_row + 8, second[c], far);
    }
  }
}
#endif

KERNEL(transpose) {
  const float *a = pointer(job, 0);
  const int64_t rows = whole(job, 1), columns = whole(job, 2);
  float *out = pointer(job, 3);
  const int64_t last = least(rows, job->to * STRIP_ROWS);
  const int far = rows % STRIP_ROWS == 0 && is_far(rows * columns, out);
  for (int64_t row = job->from * STRIP_ROWS; row < last; row += STRIP_ROWS) {
    const int count = (int)least(STRIP_ROWS, last - row);
    const float *from = a + row * columns;
    float *to = out + row;
    int64_t column = 0;
    if (count == STRIP_ROWS)
      for (; column + 16 <= columns; column += 16) flip_sixteen(from + column, columns, to + column * rows, rows, far);
    for (; column < columns; column++)
      for (int i = 0; i < count; i++) to[column * rows + i] = from[i * columns + column];
  }
  _mm_sfence();
}
