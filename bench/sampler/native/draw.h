// The draw of a row, given its factors: sampler.ts says what each step is, and this takes the same steps.
#pragma once

#include "bounds.h"
#include "families.h"
#include "phi.h"
#include "words.h"

/** A world laid out for the draw, and room to work in: `world-table.ts` writes it. Each field has 8 bytes. */
struct world {
  // Plan (plan.ts) and the tables of random.ts and phi-grid.ts.
  const float *loadings, *cutoffs;
  const int32_t *top, *child_start, *child_list, *open_roots;
  const uint8_t *exclusive, *scaling;
  const float *means, *stds;
  const double *bound, *hazard, *ratio, *edge, *density;
  // Whole numbers (whole-numbers.ts) and families (firing.ts).
  const int16_t *whole_loadings;
  const int32_t *whole_offsets;
  const double *largest;
  const float *family_loadings, *family_cutoffs;
  const int32_t *quads;
  // Room: factors and their whole numbers, bounds, errors of a block; arguments of families.
  double *z;
  int16_t *factors, *bounds, *maxima;
  double *errors, *family;
  int64_t rank, buckets, pairs, shift, roots, frequent, features;
  double unit, half, least_error;
};

struct draw {
  const struct world *world;
  struct words from;
  int row;
  uint32_t *features;
  float *values;
  int64_t count;
  /** Where the next family goes. */
  double *family;
};

static void descend(struct draw *draw, int node, double value, double mean);

INLINE void activate(struct draw *draw, int feature, double value) {
  const struct world *world = draw->world;
  draw->features[draw->count] = feature;
  draw->values[draw->count++] = (float)value;
  if (world->child_start[feature] != world->child_start[feature + 1])
    descend(draw, feature, value, world->means[feature]);
}

INLINE double magnitude(struct draw *draw, int feature) {
  const double times = (double)draw->world->stds[feature] * normal(&draw->from);
  return draw->world->means[feature] + times;
}

INLINE void try_activate(struct draw *draw, int feature) {
  const double value = magnitude(draw, feature);
  if (value > 0) activate(draw, feature, value);
}

/** Computes the arguments of a node's children, and keeps their room until `draw->family` is set back. */
INLINE const double *push(struct draw *draw, int node) {
  const struct world *world = draw->world;
  double *family = draw->family;
  const int64_t first = world->quads[node] * QUAD;
  const int quads = world->quads[node + 1] - world->quads[node];
  draw->family += quads * QUAD;
  family_arguments(world->z + draw->row * world->rank, world->family_loadings + first * world->rank,
                   world->family_cutoffs + first, family, quads, (int)world->rank);
  return family;
}

static void draw_frequent(struct draw *draw) {
  const struct world *world = draw->world;
  const int start = world->child_start[world->frequent], end = world->child_start[world->frequent + 1];
  const double *family = push(draw, (int)world->frequent);
  for (int i = start; i < end; i++)
    if (normal(&draw->from) < family[i - start]) try_activate(draw, world->child_list[i]);
  draw->family = (double *)family;
}

/** A_i·z - c_i of a feature, summed in the order of firing.ts. */
INLINE double argument(const struct draw *draw, int feature) {
  const struct world *world = draw->world;
  const double *z = world->z + draw->row * world->rank;
  const float *loadings = world->loadings + feature * world->rank;
  double sum = -(double)world->cutoffs[feature];
  for (int k = 0; k < world->rank; k++) sum += z[k] * loadings[k];
  return sum;
}

static void draw_buckets(struct draw *draw) {
  const struct world *world = draw->world;
  struct words *from = &draw->from;
  const double unit = world->unit, error = world->errors[draw->row];
  const int16_t *maxima = world->maxima + draw->row * world->buckets;
  const int16_t *bounds = world->bounds + draw->row * world->buckets * BUCKET;
  double budget = exponential(from);
  for (int bucket = 0; bucket < world->buckets; bucket++) {
    const int level = level_above(unit * maxima[bucket] + error);
    const double rate = world->hazard[level];
    int member = 0;
    while (member < BUCKET && budget < rate * (BUCKET - member)) {
      const int next = member + (int)__builtin_floor(budget / rate);
      member = next < BUCKET - 1 ? next : BUCKET - 1;
      budget = exponential(from);
      const double u = uniform(from) * world->bound[level];
      const int feature = world->top[bucket * BUCKET + member];
      // A place that only fills up a bucket has no feature.
      if (u < world->bound[level_above(unit * bounds[bucket * BUCKET + member] + error)] && feature >= 0 &&
          is_below_phi(u, argument(draw, feature), world->bound))
        try_activate(draw, feature);
      member++;
    }
    if (member < BUCKET) budget -= rate * (BUCKET - member);
  }
}

/** Draws the children of an active node: `value` and `mean` are those of the nearest active feature. */
static void descend(struct draw *draw, int node, double value, double mean) {
  const struct world *world = draw->world;
  struct words *from = &draw->from;
  const int start = world->child_start[node], end = world->child_start[node + 1];
  const int exclusive = world->exclusive[node];
  const double scale = world->scaling[node] && mean > 0 ? value / mean : 1;
  int kept = -1;
  double kept_magnitude = 0;
  int rivals = 0;
  const double *family = push(draw, node);
  for (int i = start; i < end; i++) {
    const int child = world->child_list[i];
    if (child >= world->features) {
      descend(draw, child, value, mean);
      continue;
    }
    if (normal(from) >= family[i - start]) continue;
    const double drawn = magnitude(draw, child);
    if (drawn <= 0) continue;
    if (!exclusive) {
      activate(draw, child, drawn * scale);
      continue;
    }
    rivals++;
    if (rivals == 1 || uniform(from) * rivals < 1) {
      kept = child;
      kept_magnitude = drawn;
    }
  }
  draw->family = (double *)family;
  if (kept >= 0) activate(draw, kept, kept_magnitude * scale);
}
