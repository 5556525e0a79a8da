/* Random numbers from an array of 32-bit words, the same as those of bench/random.ts from the same words. */
#pragma once

#include "logarithm.h"

/* Ziggurat tables of bench/random.ts. */
#define LAYERS 128
#define TAIL 3.442619855899

struct words {
  const uint32_t *next, *end;
  /* Whether more words were asked for than there are. What was drawn then does not count. */
  int short_of;
  const double *ratio, *edge, *density;
};

/* Stands for words that are not there: every loop below ends with it. */
#define ABSENT 0x80000040u

INLINE uint32_t bits(struct words *from) {
  if (__builtin_expect(from->next == from->end, 0)) {
    from->short_of = 1;
    return ABSENT;
  }
  return *from->next++;
}

INLINE double uniform(struct words *from) { return (bits(from) + 0.5) * 0x1p-32; }

INLINE double exponential(struct words *from) { return -log_of(uniform(from)); }

static double tail(struct words *from) {
  for (;;) {
    double x = exponential(from) / TAIL;
    if (2 * exponential(from) > x * x) return TAIL + x;
  }
}

INLINE double position(uint32_t drawn) { return ((double)(int32_t)(drawn >> 7) - 0x1p24 + 0.5) * 0x1p-24; }

/* A normal of which the first word was not accepted at once. */
static __attribute__((noinline)) double slow_normal(struct words *from, uint32_t drawn) {
  for (;;) {
    uint32_t layer = drawn & (LAYERS - 1);
    double u = position(drawn);
    if (u < from->ratio[layer] && u > -from->ratio[layer]) return u * from->edge[layer];
    if (layer == 0) return u < 0 ? -tail(from) : tail(from);
    double x = u * from->edge[layer];
    double height = from->density[layer + 1] + uniform(from) * (from->density[layer] - from->density[layer + 1]);
    if (height < exp_of(-0.5 * x * x)) return x;
    drawn = bits(from);
  }
}

INLINE double normal(struct words *from) {
  uint32_t drawn = bits(from);
  uint32_t layer = drawn & (LAYERS - 1);
  double u = position(drawn);
  if (__builtin_expect(u < from->ratio[layer] && u > -from->ratio[layer], 1)) return u * from->edge[layer];
  return slow_normal(from, drawn);
}

