// The sampler in C: it draws what sampler.ts draws, bit for bit, from the same random words.
// `npm run build:native` builds it.
#include "comparison.h"
#include "draw.h"
#include "synthesis.h"

/** Rows whose factors are drawn at a time: firing.ts has the same constant. */
enum { BLOCK = 32 };

/** How far the drawing of a batch has come, and what it draws from and into. Each field has 8 bytes. */
struct batch {
  const uint32_t *words;
  int64_t word, words_there;
  int64_t row, rows;
  /** Row before which factors are drawn, a multiple of BLOCK or `rows`. */
  int64_t factors_until;
  uint32_t *offsets, *features;
  float *values;
  int64_t count, room;
};

enum { DONE, MORE_WORDS, MORE_ROOM };

static void write_factors(const struct world *world, int row) {
  const double *z = world->z + row * world->rank;
  int16_t *out = world->factors + row * world->pairs * 2;
  double error = world->least_error;
  for (int k = 0; k < world->rank; k++) {
    // Half a unit goes up, as Math.round has it.
    const double product = z[k] * 0x1p12, above = __builtin_ceil(product);
    const double rounded = above - 0.5 > product ? above - 1 : above;
    const double number = rounded > 32767 ? 32767 : rounded < -32767 ? -32767 : rounded;
    out[k] = (int16_t)number;
    const double taken = number / 0x1p12;
    error += __builtin_fabs(z[k] - taken) * world->largest[k] + __builtin_fabs(taken) * world->half;
  }
  world->errors[row] = error;
}

/** Draws the factors of the next block and computes its bounds; whether there were words enough. */
static int draw_factors(const struct world *world, struct words *from, int rows) {
  for (int i = 0; i < rows * world->rank; i++) world->z[i] = (float)normal(from);
  if (from->short_of) return 0;
  for (int row = 0; row < rows; row++) write_factors(world, row);
  fire_bounds((const int32_t *)world->factors, world->whole_loadings, world->whole_offsets, world->bounds,
              world->maxima, (rows + SOME - 1) / SOME * SOME, (int)world->buckets, (int)world->pairs,
              (int)world->shift);
  return 1;
}

/**
 * Draws rows until all are drawn, or words or room are at an end. It then returns what is missing, and goes
 * on when called again. A row that the words do not suffice for is drawn anew.
 */
EXPORT int draw_rows(const struct world *world, struct batch *batch) {
  struct draw draw = {
      .world = world,
      .from = {.next = batch->words + batch->word,
               .end = batch->words + batch->words_there,
               .ratio = world->ratio,
               .edge = world->edge,
               .density = world->density},
      .features = batch->features,
      .values = batch->values,
  };
  while (batch->row < batch->rows) {
    if (batch->row == batch->factors_until) {
      const int64_t left = batch->rows - batch->row, rows = left < BLOCK ? left : BLOCK;
      if (!draw_factors(world, &draw.from, (int)rows)) return MORE_WORDS;
      batch->factors_until += rows;
      batch->word = draw.from.next - batch->words;
    }
    if (batch->count + world->features > batch->room) return MORE_ROOM;
    draw.row = (int)(batch->row % BLOCK);
    draw.count = batch->count;
    draw.family = world->family;
    draw_frequent(&draw);
    draw_buckets(&draw);
    for (int i = 0; i < world->roots; i++) descend(&draw, world->open_roots[i], 0, 0);
    if (draw.from.short_of) return MORE_WORDS;
    batch->count = draw.count;
    batch->word = draw.from.next - batch->words;
    batch->offsets[++batch->row] = (uint32_t)draw.count;
  }
  return DONE;
}

/** Where an array lies in memory, for the tables that hold addresses. */
EXPORT uint64_t address_of(const void *array) { return (uint64_t)(uintptr_t)array; }

/** The logarithms and exponentials of `count` numbers, to compare them with the caller's own. */
EXPORT void logarithms(const double *of, double *to, int count) {
  for (int i = 0; i < count; i++) to[i] = log_of(of[i]);
}
EXPORT void exponentials(const double *of, double *to, int count) {
  for (int i = 0; i < count; i++) to[i] = exp_of(of[i]);
}
