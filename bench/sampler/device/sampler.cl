// Samples of a world on a device: a group of work items for a row. Every number that is drawn
// depends on seed, batch, row and feature alone (Philox, J. K. Salmon et al., SC 2011), so nothing depends on
// the order in which work items run, and a number that is needed twice is drawn twice. Features fire given
// the factors z with probability Phi(loadings_i · z - cutoffs_i), as in ../sampler.ts, the reference.

// RANK and LEVELS: factors of the copula and levels of the forest that there is room for.

#define FACTORS 0x80000000u

static uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < 10; round++) {
    const uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
    const uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
    counter = (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// The words of one counter and key, for the test with known answers.
kernel void philox_words(global const uint* from, global uint* to) {
  const uint4 words = philox((uint4)(from[0], from[1], from[2], from[3]), (uint2)(from[4], from[5]));
  to[0] = words.x;
  to[1] = words.y;
  to[2] = words.z;
  to[3] = words.w;
}

// Uniform on (0, 1). 24 bits: more would be rounded to 1.
static float uniform24(uint bits) { return ((bits >> 8) + 0.5f) * 0x1p-24f; }
// A small number keeps all its bits, so that rare features fire as often as they should.
static float uniform32(uint bits) { return fmax((float)bits, 0.5f) * 0x1p-32f; }
// Standard normals (G. E. P. Box and M. E. Muller).
static float2 normals(uint a, uint b) {
  const float radius = sqrt(-2.0f * log(uniform32(a)));
  const float angle = 6.283185307179586f * uniform24(b);
  return radius * (float2)(cos(angle), sin(angle));
}

// What a row draws from.
typedef struct {
  uint2 key;
  uint row, low, high;
} Draws;

static uint4 words_of(const Draws* draws, uint what) {
  return philox((uint4)(what, draws->row, draws->low, draws->high), draws->key);
}

// Whether feature i of n fires and how strongly: its magnitude, or 0. `choice` gets bits of its own. Loadings
// lie by factor, so that work items with features in a row read numbers in a row.
static float fired(const Draws* draws, int i, int n, int rank, local const float* z, global const float* loadings,
                   global const float* cutoffs, global const float* means, global const float* stds,
                   uint* choice) {
  float argument = -cutoffs[i];
  for (int k = 0; k < rank; k++) argument += z[k] * loadings[(size_t)k * n + i];
  const uint4 words = words_of(draws, (uint)i);
  *choice = words.w;
  const float u = uniform32(words.x);
  // erfc of a large number is 0: what cannot fire never does. Phi of infinity is 1, and so may u be.
  const float phi = 0.5f * erfc(-0.7071067811865476f * argument);
  if (u >= phi && phi < 1.0f) return 0.0f;
  return fmax(0.0f, means[i] + stds[i] * normals(words.y, words.z).x);
}

// The forest in preorder. `at` of a node: its feature, or -1 where it is organisational; its level; the place
// after the last node below it; 1: at most one child stays, 2: children scale with the feature above them.
#define FEATURE 0
#define LEVEL 1
#define AFTER 2
#define FLAGS 3
#define EXCLUSIVE 1
#define SCALING 2

typedef struct {
  global const int* nodes;
  global const float *loadings, *cutoffs, *means, *stds;
  local const float* z;
  int n, rank;
} World;

// The child of a node that stays among its rivals, each with the same chance: -1 where none fires.
static int chosen_child(const World* world, const Draws* draws, int node) {
  int kept = -1, rivals = 0;
  const int end = world->nodes[node * 4 + AFTER];
  for (int at = node + 1; at < end; at = world->nodes[at * 4 + AFTER]) {
    const int i = world->nodes[at * 4 + FEATURE];
    if (i < 0) continue;
    uint choice;
    if (fired(draws, i, world->n, world->rank, world->z, world->loadings, world->cutoffs, world->means, world->stds, &choice) <= 0.0f)
      continue;
    rivals++;
    // The k-th replaces the one kept so far with probability 1/k.
    if (rivals == 1 || uniform24(choice) * rivals < 1.0f) kept = at;
  }
  return kept;
}

// All that is active below a node, in preorder; value and mean are those of the nearest active feature above
// (mean 0: there is none). Writes from `to` on where there is `features`, and returns how many there are.
static int descend(const World* world, const Draws* draws, int root, float value, float mean,
                   global int* features, global float* values, int to) {
  float value_at[LEVELS], mean_at[LEVELS];
  int chosen_at[LEVELS], flags_at[LEVELS];
  const int top = world->nodes[root * 4 + LEVEL];
  value_at[0] = value;
  mean_at[0] = mean;
  flags_at[0] = world->nodes[root * 4 + FLAGS];
  chosen_at[0] = flags_at[0] & EXCLUSIVE ? chosen_child(world, draws, root) : -1;
  int count = 0;
  const int end = world->nodes[root * 4 + AFTER];
  for (int at = root + 1; at < end;) {
    const int level = world->nodes[at * 4 + LEVEL] - top;
    const int above = level - 1;
    const int i = world->nodes[at * 4 + FEATURE];
    float own = value_at[above], own_mean = mean_at[above];
    if (i >= 0) {
      uint choice;
      float magnitude = 0.0f;
      if (!(flags_at[above] & EXCLUSIVE) || chosen_at[above] == at)
        magnitude = fired(draws, i, world->n, world->rank, world->z, world->loadings, world->cutoffs, world->means, world->stds, &choice);
      if (magnitude <= 0.0f) {
        at = world->nodes[at * 4 + AFTER];
        continue;
      }
      if ((flags_at[above] & SCALING) && own_mean > 0.0f) magnitude *= own / own_mean;
      own = magnitude;
      own_mean = world->means[i];
      if (features) {
        features[to + count] = i;
        values[to + count] = magnitude;
      }
      count++;
    }
    if (level < LEVELS) {
      value_at[level] = own;
      mean_at[level] = own_mean;
      flags_at[level] = world->nodes[at * 4 + FLAGS];
      chosen_at[level] = flags_at[level] & EXCLUSIVE ? chosen_child(world, draws, at) : -1;
    }
    at++;
  }
  return count;
}

// Rows `first` and on of a batch: their active features with values, `most` places for each row (one for each
// feature), and how many there are. `tops`: places in preorder of what stands below nothing, organisational
// roots too, and of features outside of the forest. key and batch are two words each.
kernel void draw_rows(global const float* loadings, global const float* cutoffs, global const float* means,
                      global const float* stds, global const int* nodes, global const int* tops,
                      const int top_count, const int most, const int rank, const int first, const int key_low,
                      const int key_high, const int batch_low, const int batch_high, global int* features,
                      global float* values, global int* counts) {
  local float z[RANK];
  local int scratch[GROUP];
  const int item = get_local_id(0);
  const int slot = get_group_id(0);
  const Draws draws = {(uint2)((uint)key_low, (uint)key_high), (uint)(first + slot), (uint)batch_low,
                       (uint)batch_high};
  for (int k = item; k < rank; k += GROUP) {
    const uint4 words = words_of(&draws, FACTORS + (uint)k);
    z[k] = normals(words.x, words.y).x;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const World world = {nodes, loadings, cutoffs, means, stds, z, most, rank};
  global int* row_features = features + (size_t)slot * most;
  global float* row_values = values + (size_t)slot * most;
  int filled = 0;
  // Rounds of as many tops as there are work items; each counts what is below its own, then writes it.
  for (int round = 0; round < top_count; round += GROUP) {
    int count = 0, top = -1, i = -1;
    float magnitude = 0.0f;
    if (round + item < top_count) {
      top = tops[round + item];
      i = nodes[top * 4 + FEATURE];
      uint choice;
      if (i >= 0) magnitude = fired(&draws, i, most, rank, z, loadings, cutoffs, means, stds, &choice);
      if (i < 0 || magnitude > 0.0f) {
        count = i >= 0 ? 1 : 0;
        if (nodes[top * 4 + AFTER] > top + 1)
          count += descend(&world, &draws, top, magnitude, i >= 0 ? means[i] : 0.0f, 0, 0, 0);
      }
    }
    int total;
    int to = filled + sum_before(count, scratch, &total);
    if (count > 0) {
      if (i >= 0) {
        row_features[to] = i;
        row_values[to] = magnitude;
        to++;
      }
      if (nodes[top * 4 + AFTER] > top + 1)
        descend(&world, &draws, top, magnitude, i >= 0 ? means[i] : 0.0f, row_features, row_values, to);
    }
    filled += total;
  }
  if (item == 0) counts[slot] = filled;
}

// x of a row: the sum of its active features' directions, in their order, and the bias.
kernel void synthesise(global const float* vectors, global const float* bias, global const int* features,
                       global const float* values, global const int* counts, const int most, const int d,
                       const int first, global float* x) {
  const int slot = get_group_id(0);
  const int count = counts[slot];
  for (int column = get_local_id(0); column < d; column += GROUP) {
    float sum = bias[column];
    for (int e = 0; e < count; e++) {
      const size_t at = (size_t)slot * most + e;
      sum += values[at] * vectors[(size_t)features[at] * d + column];
    }
    x[(size_t)(first + slot) * d + column] = sum;
  }
}
