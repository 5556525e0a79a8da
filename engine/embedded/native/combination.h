// Linear combinations of matrices and rows, as in ../kernels/combination.as.
#pragma once

#include "sparse.h"

/** An operand: its address in the shared memory, and the bytes from one of its rows to the next. */
struct operand {
  uint32_t at, row;
};

/** What all kernels here begin with: operands, the weights of rows, and constants by operand and weights. */
struct combination {
  const struct operand *table;
  const uint32_t *weights;
  const float *constants;
  int count, kinds;
};

INLINE struct combination combination_of(const struct job *job) {
  const struct combination all = {pointer(job, 0), pointer(job, 2), pointer(job, 4), (int)whole(job, 1),
                                  (int)whole(job, 3)};
  return all;
}

/** Sets the terms of a row of output `o`: operand t times Σ constant · number `row` of the weights. */
INLINE void terms_of(const struct job *job, const struct combination *all, int o, int64_t row,
                     struct terms *terms) {
  terms->count = all->count;
  for (int t = 0; t < all->count; t++) {
    const struct operand *from = all->table + t;
    const float *constants = all->constants + (o * all->count + t) * all->kinds;
    float factor = 0;
    for (int g = 0; g < all->kinds; g++) {
      const float *weights = (const float *)(job->memory + all->weights[g]);
      factor += all->weights[g] ? constants[g] * weights[row] : constants[g];
    }
    terms->rows[t] = (const float *)(job->memory + from->at + row * from->row);
    terms->values[t] = factor;
  }
}

KERNEL(combine) {
  const struct combination all = combination_of(job);
  const uint32_t *outs = pointer(job, 6);
  const int outputs = (int)whole(job, 7);
  const int64_t n = whole(job, 8);
  struct terms terms;
  for (int64_t row = job->from; row < job->to; row++) {
    for (int o = 0; o < outputs; o++) {
      terms_of(job, &all, o, row, &terms);
      add_terms(&terms, part_of(job, outs, o) + row * n, n, 1);
    }
  }
}

/** Numbers of a row that are summed at a time: several vectors, so that each term is looked up less often. */
enum { SOME = 64 };

/** some[0..count) = numbers from `at` on of the sum of the terms; count is at most SOME. */
INLINE void some_of(const struct terms *terms, int64_t at, int count, float *some) {
  vec sums[SOME / LANES];
  for (int v = 0; v < SOME / LANES; v++) sums[v] = splat(0);
  for (int t = 0; t < terms->count; t++) {
    const float *from = terms->rows[t] + at;
    const vec factor = splat(terms->values[t]);
    if (count == SOME) {
      for (int v = 0; v < SOME / LANES; v++) sums[v] = fused(factor, load(from + v * LANES), sums[v]);
      continue;
    }
    for (int v = 0; v * LANES < count; v++)
      sums[v] = fused(factor, load_part(from + v * LANES, (int)least(LANES, count - v * LANES)), sums[v]);
  }
  for (int v = 0; v < SOME / LANES; v++) store(some + v * LANES, sums[v]);
}

/** A combination whose squares are summed, and where to: words as the kernels above have arguments. */
struct squares {
  uint32_t table, count, weights, kinds, constants, room, out;
};

/** The squares of a row of n numbers of the sum of the terms. */
INLINE float squares_of(const struct terms *terms, int64_t n) {
  struct lanes sums = no_lanes();
  float some[SOME];
  int64_t at = 0, rest = n;
  for (;; at += SOME, rest -= SOME) {
    some_of(terms, at, (int)least(SOME, rest), some);
    if (rest < SOME) break;
    for (int i = 0; i < SOME; i += 16) sums = fused_lanes(some + i, some + i, sums);
  }
  int64_t i = 0;
  for (; i + 16 <= rest; i += 16) sums = fused_lanes(some + i, some + i, sums);
  return end_of_dot(some, some, i, rest, sums);
}

/** Of several combinations row by row: operands that they share are in the L1 cache after the first. */
KERNEL(combinationSquares) {
  const struct squares *each = pointer(job, 0);
  const int count = (int)whole(job, 1);
  const int64_t n = whole(job, 2);
  struct terms terms;
  for (int64_t row = job->from; row < job->to; row++) {
    for (int s = 0; s < count; s++) {
      const struct squares *of = each + s;
      const struct combination all = {
          (const struct operand *)(job->memory + of->table), (const uint32_t *)(job->memory + of->weights),
          (const float *)(job->memory + of->constants), (int)of->count, (int)of->kinds};
      terms_of(job, &all, 0, row, &terms);
      ((float *)(job->memory + of->out))[row] = squares_of(&terms, n);
    }
  }
}

/** Rows of an item of `combinationColumns`. */
enum { SOME_ROWS = 64 };

/** sums[0..n) = the sums over the item's rows, which are read in their order. */
KERNEL(combinationColumns) {
  const struct combination all = combination_of(job);
  const int64_t rows = whole(job, 6), n = whole(job, 7);
  float *out = pointer(job, 8);
  struct terms terms;
  for (int64_t item = job->from; item < job->to; item++) {
    int first = 1;
    for (int64_t row = item * SOME_ROWS; row < least(rows, (item + 1) * SOME_ROWS); row++, first = 0) {
      terms_of(job, &all, 0, row, &terms);
      add_terms(&terms, out + item * n, n, first);
    }
  }
}
