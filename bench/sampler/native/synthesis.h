// Sums of vectors: the same as synthesise of kernels.as.
#pragma once

#include "simd.h"

/** Numbers of a cache line. */
enum { LINE = 16 };

/** x += a0 v0 + a1 v1 + a2 v2 + a3 v3 in this order. */
INLINE vec four(vec x, const vec *a, const vec *v) {
  return x + a[0] * v[0] + a[1] * v[1] + a[2] * v[2] + a[3] * v[3];
}

/**
 * x[row] = bias + Σ values[i] · vectors[indices[i]] over i = offsets[row]..offsets[row + 1], summed in that
 * order. A row of x, bias and vectors has d numbers. Four whole vectors are read at a time, and the next four
 * are fetched meanwhile, also those of the next row. Returns 0 where an index or an offset is outside.
 */
EXPORT int synthesise(const uint32_t *offsets, const uint32_t *indices, const float *values, int entries,
                      const float *vectors, int count, const float *bias, float *x, int rows, int d) {
  const int whole = d / LANES * LANES, rest = d - whole;
  for (int row = 0; row < rows; row++, x += d) {
    uint32_t i = offsets[row];
    const uint32_t end = offsets[row + 1];
    if (i > end || end > (uint32_t)entries) return 0;
    for (uint32_t j = i; j < end; j++)
      if (indices[j] >= (uint32_t)count) return 0;
    for (int at = 0; at < d; at++) x[at] = bias[at];
    for (; i + 4 <= end; i += 4) {
      const float *v[4], *next[4];
      vec a[4], part[4];
      for (int j = 0; j < 4; j++) {
        v[j] = vectors + (int64_t)indices[i + j] * d;
        // One of the next row, which was not looked at, may be outside: fetching it does no harm.
        const uint32_t after = i + 4 + j < (uint32_t)entries ? i + 4 + j : i + j;
        next[j] = vectors + (int64_t)indices[after] * d;
        a[j] = splat(values[i + j]);
      }
      for (int at = 0; at < whole; at += LANES) {
        if (at % LINE == 0)
          for (int j = 0; j < 4; j++) __builtin_prefetch(next[j] + at);
        for (int j = 0; j < 4; j++) part[j] = load(v[j] + at);
        store(x + at, four(load(x + at), a, part));
      }
      if (rest == 0) continue;
      for (int j = 0; j < 4; j++) part[j] = load_part(v[j] + whole, rest);
      store_part(x + whole, four(load_part(x + whole, rest), a, part), rest);
    }
    for (; i < end; i++) {
      const float *v = vectors + (int64_t)indices[i] * d;
      const vec a = splat(values[i]);
      for (int at = 0; at < whole; at += LANES) store(x + at, load(x + at) + a * load(v + at));
      if (rest > 0) store_part(x + whole, load_part(x + whole, rest) + a * load_part(v + whole, rest), rest);
    }
  }
  return 1;
}
