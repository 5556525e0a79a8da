// Selection among some columns of a matrix: ../among.ts.
#pragma once

#include "room.h"

/** A whole number that is in the order of floats: NaN as infinity, -0 as 0. */
INLINE uint32_t rank_of(float x) {
  const union {
    float value;
    int32_t bits;
  } number = {x != x ? __builtin_inff() : x + 0.0f};
  return (uint32_t)(number.bits ^ ((number.bits >> 31) & 0x7fffffff)) ^ 0x80000000u;
}

/** How many of the numbers are `least` or greater. */
INLINE int64_t count_from(const uint32_t *ranks, int64_t count, uint32_t least) {
  int32_t found = 0;
  for (int64_t i = 0; i < count; i++) found += ranks[i] >= least;
  return found;
}

/**
 * Of each row of n numbers the `kept` largest of those in `count` columns, which ascend: their columns and values;
 * of ties at the cut, the first. `scratch` has the room of `threads` threads (room.h), for `count` numbers each.
 */
KERNEL(largestAmong) {
  const float *values = pointer(job, 0);
  const int64_t n = whole(job, 1), count = whole(job, 3), kept = whole(job, 4);
  const uint32_t *columns = pointer(job, 2);
  uint32_t *indices = pointer(job, 5);
  float *out = pointer(job, 6);
  int64_t own;
  uint32_t *ranks = (uint32_t *)take_room(pointer(job, 7), whole(job, 8), count, &own);
  for (int64_t row = job->from; row < job->to; row++) {
    const float *from = values + row * n;
    for (int64_t i = 0; i < count; i++) ranks[i] = rank_of(from[columns[i]]);
    // The greatest number that at least `kept` are not below, bit by bit: counting has no branches.
    uint32_t cut = 0;
    for (uint32_t bit = 1u << 31; bit != 0; bit >>= 1)
      if (count_from(ranks, count, cut | bit) >= kept) cut |= bit;
    int64_t ties = kept - (cut == UINT32_MAX ? 0 : count_from(ranks, count, cut + 1));
    uint32_t *to = indices + row * kept;
    float *to_value = out + row * kept;
    for (int64_t i = 0; i < count; i++) {
      if (ranks[i] < cut || (ranks[i] == cut && ties-- <= 0)) continue;
      *to++ = columns[i];
      *to_value++ = from[columns[i]];
    }
  }
  give_back(pointer(job, 7), own);
}
