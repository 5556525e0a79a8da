// Products with few non-zeros by strips of the dense matrix: some numbers of all its rows, packed, stay in the
// L2 cache while all non-zeros are gone through. Not packed, a strip has few sets of that cache, since its rows
// are as far apart as their length, and each row is in a page of its own. Sums have the order, and so the bits,
// of products by rows.
#pragma once

#include "room.h"
#include "sparse.h"

/** Numbers of a row of a strip. */
enum { STRIP_WIDE = 64 };
/** Rows that are asked for before they are packed. */
enum { ROWS_AHEAD = 16 };

/** Numbers at..at + wide of the rows of a matrix of rows of n numbers, as rows of STRIP_WIDE. */
static void pack_strip(const float *a, int64_t rows, int64_t n, int64_t at, int64_t wide, float *to) {
  for (int64_t row = 0; row < rows; row++, to += STRIP_WIDE) {
    const float *from = a + row * n + at;
    for (int64_t i = 0; i < wide; i += 16) _mm_prefetch((const char *)(from + ROWS_AHEAD * n + i), _MM_HINT_T0);
    for (int64_t i = 0; i < wide; i += LANES) {
      const int part = (int)least(LANES, wide - i);
      store(to + i, part == LANES ? load(from + i) : load_part(from + i, part));
    }
  }
}

/** The same of the transpose of a matrix of rows of `columns` numbers. */
static void pack_flipped(const float *a, int64_t columns, int64_t at, int64_t wide, float *to) {
  const float *from = a + at * columns;
  int64_t column = 0;
  if (wide == STRIP_WIDE)
    for (; column + 16 <= columns; column += 16)
      for (int row = 0; row < STRIP_WIDE; row += 16)
        flip_sixteen(from + row * columns + column, columns, to + column * STRIP_WIDE + row, STRIP_WIDE, 0);
  for (; column < columns; column++)
    for (int64_t row = 0; row < STRIP_WIDE; row++)
      to[column * STRIP_WIDE + row] = row < wide ? from[row * columns + column] : 0;
}

/** target[0..wide) = Σ of rows of the strip, each times its value. */
INLINE void sum_strip(const float *strip, const uint32_t *indices, const float *values, int64_t count, float *target,
                      int64_t wide) {
  vec sums[STRIP_WIDE / LANES];
#pragma clang loop unroll(full)
  for (int j = 0; j < STRIP_WIDE / LANES; j++) sums[j] = splat(0);
  for (int64_t t = 0; t < count; t++) {
    const vec value = splat(values[t]);
    const float *row = strip + indices[t] * (int64_t)STRIP_WIDE;
#pragma clang loop unroll(full)
    for (int j = 0; j < STRIP_WIDE / LANES; j++) sums[j] = fused(value, load(row + j * LANES), sums[j]);
  }
  for (int j = 0; j * LANES < wide; j++) {
    const int part = (int)least(LANES, wide - j * LANES);
    if (part == LANES) store(target + j * LANES, sums[j]);
    else store_part(target + j * LANES, sums[j], part);
  }
}

/**
 * out[i, :] = Σ_j a[i, j] · W[j, :], of W [columns, n], or of its transpose if W is `flipped`. An item is a
 * strip and one of `blocks` blocks of the rows.
 */
KERNEL(stripSums) {
  const uint32_t *offsets = pointer(job, 0), *indices = pointer(job, 1);
  const float *values = pointer(job, 2), *W = pointer(job, 3);
  float *out = pointer(job, 4);
  const int64_t n = whole(job, 5), rows = whole(job, 6), columns = whole(job, 7), blocks = whole(job, 9);
  const int flipped = whole(job, 8) != 0;
  int32_t *scratch = pointer(job, 10);
  int64_t own;
  float *strip = take_room(scratch, whole(job, 11), columns * STRIP_WIDE, &own);
  for (int64_t item = job->from; item < job->to; item++) {
    const int64_t at = item / blocks * STRIP_WIDE, wide = least(STRIP_WIDE, n - at), block = item % blocks;
    if (flipped) pack_flipped(W, columns, at, wide, strip);
    else pack_strip(W, columns, n, at, wide, strip);
    for (int64_t row = rows * block / blocks; row < rows * (block + 1) / blocks; row++) {
      const uint32_t begin = offsets[row];
      sum_strip(strip, indices + begin, values + begin, offsets[row + 1] - begin, out + row * n + at, wide);
    }
  }
  give_back(scratch, own);
}
