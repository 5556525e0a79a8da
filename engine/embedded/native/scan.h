// The search for large numbers, as in ../kernels/sparse.as: ../scan.ts.
#pragma once

#include "job.h"

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

/** Numbers that are asked for before they are read: some pages of 4 KiB. */
enum { AHEAD = 1024 };

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
      // The processor's own prefetching ends with each page.
      _mm_prefetch((const char *)(values + at + AHEAD), _MM_HINT_T0);
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

INLINE void copy_words(const uint32_t *from, int64_t count, uint32_t *to) {
  for (int64_t at = 0; at < count; at += LANES) {
    const int part = (int)least(LANES, count - at);
    if (part == LANES) store((float *)to + at, load((const float *)from + at));
    else store_part((float *)to + at, load_part((const float *)from + at, part), part);
  }
}

KERNEL(joinBlocks) {
  const uint32_t *positions = pointer(job, 0), *bits = pointer(job, 1);
  const int64_t block = whole(job, 2);
  const uint32_t *starts = pointer(job, 3);
  uint32_t *joined = pointer(job, 4), *joined_bits = pointer(job, 5);
  for (int64_t i = job->from; i < job->to; i++) {
    const int64_t start = starts[i], count = starts[i + 1] - start;
    copy_words(positions + i * block, count, joined + start);
    copy_words(bits + i * block, count, joined_bits + start);
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
