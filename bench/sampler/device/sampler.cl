// Samples of a world on a device. Every number that is drawn depends on seed, batch, row and place alone
// (Philox, J. K. Salmon et al., SC 2011), so nothing depends on the order in which work items run. Features fire
// given the factors z with probability Phi(loadings_i · z - cutoffs_i), as in ../sampler.ts, the reference.
//
// A place is a node of the forest: first what stands below nothing (the tops: roots, and features outside of
// the forest), then level by level, so that the children of a node lie side by side. All arrays go by place.
// draw_factors draws z, find_tops the tops that may fire, draw_rows decides which of them do, descends from
// them and makes x.

// Rows whose factors lie together: [rows / BLOCK, rank, BLOCK].
#define BLOCK 8
// Factors that find_tops holds at a time.
#define TILE 32

// What words are drawn for; place i itself has those of counter i.
#define FACTORS 0x80000000u
#define QUADS 0x40000000u

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

static uint4 words_of(uint what, int row, int key_low, int key_high, int batch_low, int batch_high) {
  return philox((uint4)(what, (uint)row, (uint)batch_low, (uint)batch_high), (uint2)((uint)key_low, (uint)key_high));
}

// erfc of a large number is 0: what cannot fire never does. Phi of infinity is 1.
static float phi_of(float argument) { return 0.5f * erfc(-0.7071067811865476f * argument); }

// Not below phi_of, for a few operations. Below 0, Phi is the density times Mills' ratio, whose logarithm is
// convex: a chord from 0 to 4 lies above it, and so does its end from there on. Its power of 2 is read off the
// bits of a float, which is a chord too. 0.002 is for what is rounded.
static float bound_of(float argument) {
  const float t = fmax(-argument, 0.0f);
  const float power = fma(-0.72134752f * t, t, fma(-0.6012f, fmin(t, 4.0f), 127.0f - 0.998f));
  return argument >= 0.0f ? 2.0f : as_float((int)(0x1p23f * fmax(power, 0.0f)));
}

// Both for many arguments, for the test that holds one against the other.
kernel void bounds(global const float* arguments, global float* phis, global float* bound, const int size) {
  const int i = get_global_id(0);
  if (i >= size) return;
  phis[i] = phi_of(arguments[i]);
  bound[i] = bound_of(arguments[i]);
}

// The factors of rows `first` and on, whole blocks of them.
kernel void draw_factors(global float* z, const int rank, const int size, const int first, const int key_low,
                         const int key_high, const int batch_low, const int batch_high) {
  const int i = get_global_id(0);
  if (i >= size) return;
  const int k = i / BLOCK % rank;
  const int row = first + i / (BLOCK * rank) * BLOCK + i % BLOCK;
  const uint4 words = words_of(FACTORS + (uint)k, row, key_low, key_high, batch_low, batch_high);
  z[i] = normals(words.x, words.y).x;
}

// Bits of four tops and a block of rows, 4 row + top: set where the top may fire. A work item has four tops, whose
// uniform numbers are the words of one counter. The argument is summed as draw_rows sums it. `columns`: groups
// that share a block. Loadings lie [rank, tops], cutoffs of places beyond the tops are infinite.
kernel void find_tops(global const float* restrict z, global const float4* restrict loadings,
                      global const float4* restrict cutoffs, const int quads, const int columns, const int rank,
                      const int first, const int key_low, const int key_high, const int batch_low,
                      const int batch_high, global uint* restrict found) {
  local float tile[TILE * BLOCK];
  const int item = get_local_id(0);
  const int block = get_group_id(0) / columns;
  const int own = get_group_id(0) % columns * GROUP + item;
  const int quad = min(own, quads - 1);
  float4 sum[BLOCK];
  const float4 cutoff = -cutoffs[quad];
#pragma unroll
  for (int r = 0; r < BLOCK; r++) sum[r] = cutoff;
  for (int from = 0; from < rank; from += TILE) {
    const int here = min(TILE, rank - from);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = item; i < here * BLOCK; i += GROUP) tile[i] = z[((size_t)block * rank + from) * BLOCK + i];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < here; k++) {
      const float4 loading = loadings[(size_t)(from + k) * quads + quad];
#pragma unroll
      for (int r = 0; r < BLOCK; r++) sum[r] = fma((float4)(tile[k * BLOCK + r]), loading, sum[r]);
    }
  }
  uint bits = 0;
#pragma unroll
  for (int r = 0; r < BLOCK; r++) {
    const int row = first + block * BLOCK + r;
    const uint4 words = words_of(QUADS + (uint)quad, row, key_low, key_high, batch_low, batch_high);
    bits |= (uint)(uniform32(words.x) < bound_of(sum[r].x)) << (4 * r);
    bits |= (uint)(uniform32(words.y) < bound_of(sum[r].y)) << (4 * r + 1);
    bits |= (uint)(uniform32(words.z) < bound_of(sum[r].z)) << (4 * r + 2);
    bits |= (uint)(uniform32(words.w) < bound_of(sum[r].w)) << (4 * r + 3);
  }
  if (own < quads) found[(size_t)block * quads + own] = bits;
}

// A node, as the host lays it out: the place of its first child, how many it has, and flags: at most one child
// stays; children scale with the feature above them; it groups its children and is no feature.
#define EXCLUSIVE 1
#define SCALING 2
#define ORGANISATIONAL 4

// What may be active in a row: its place; the index of what it stands below (-1: nothing, LOST: a rival stays);
// its magnitude, 0 where it is not active; and bits, of a candidate those that choose it among rivals, later
// magnitude over mean of the nearest feature at or above it.
#define LOST -2
#define PLACE(E) room[base + 4 * (size_t)(E)]
#define ABOVE(E) room[base + 4 * (size_t)(E) + 1]
#define VALUE(E) room[base + 4 * (size_t)(E) + 2]
#define OTHER(E) room[base + 4 * (size_t)(E) + 3]

// Whether a candidate fires and how strongly: its magnitude, or 0. Sets its bits among rivals.
static float fired(int place, int tops, int rank, global const float* restrict z,
                   global const float* restrict loadings, global const float* restrict cutoffs,
                   global const float2* restrict magnitudes, int row, int key_low, int key_high, int batch_low,
                   int batch_high, uint* choice) {
  const uint4 words = words_of((uint)place, row, key_low, key_high, batch_low, batch_high);
  uint bits = words.x;
  if (place < tops) {
    const uint4 quad = words_of(QUADS + (uint)place / 4, row, key_low, key_high, batch_low, batch_high);
    const int which = place % 4;
    bits = which == 0 ? quad.x : which == 1 ? quad.y : which == 2 ? quad.z : quad.w;
  }
  float argument = -cutoffs[place];
#pragma unroll 5
  for (int k = 0; k < rank; k++) argument = fma(z[k * BLOCK], loadings[(size_t)place * rank + k], argument);
  *choice = words.w;
  const float phi = phi_of(argument);
  if (uniform32(bits) >= phi && phi < 1.0f) return 0.0f;
  const float2 of = magnitudes[place];
  return fmax(0.0f, of.x + of.y * normals(words.y, words.z).x);
}

// Whether a rival of a candidate fires that comes before it: the one with the largest bits, each with the same
// chance. `before` are its siblings' entries that lie before its own.
static int is_beaten(global const int* room, size_t base, int c, int before, int siblings) {
  const uint own = (uint)OTHER(c);
  for (int s = c - before; s < c - before + siblings; s++) {
    if (s == c || as_float(VALUE(s)) <= 0.0f) continue;
    if ((uint)OTHER(s) > own || ((uint)OTHER(s) == own && s < c)) return 1;
  }
  return 0;
}

// Each of the kernels below has a group for a row, `slot` from 0 on, with room for an entry of each place. They
// are not one because PoCL's compiler does not take several sums in loops of one kernel.

// The entries of the tops that may fire, in order; `reach` of a row is where its present level begins and ends.
kernel void list_tops(global const uint* found, const int quads, const int places, global int* room,
                      global int* reach) {
  local int scratch[GROUP];
  const int item = get_local_id(0);
  const int slot = get_group_id(0);
  const size_t base = (size_t)slot * places * 4;
  const int share = (quads + GROUP - 1) / GROUP;
  const size_t own_found = (size_t)(slot / BLOCK) * quads;
  const int shift = slot % BLOCK * 4;
  const int from = min(item * share, quads), to = min(from + share, quads);
  int own = 0;
  for (int q = from; q < to; q++) own += popcount((found[own_found + q] >> shift) & 15u);
  int candidates;
  own = sum_before(own, scratch, &candidates);
  for (int q = from; q < to; q++) {
    const uint bits = (found[own_found + q] >> shift) & 15u;
    for (int which = 0; bits >> which; which++) {
      if (!(bits >> which & 1u)) continue;
      PLACE(own) = 4 * q + which;
      ABOVE(own) = -1;
      own++;
    }
  }
  if (item == 0) {
    reach[2 * slot] = 0;
    reach[2 * slot + 1] = candidates;
  }
}

// Decides which entries of the present level are active, and makes entries of the next level: the children of
// those that are. Rows are numbered from `first`.
kernel void descend(global const float* restrict z, global const float* restrict loadings,
                    global const float* restrict cutoffs, global const float2* restrict magnitudes,
                    global const int4* restrict nodes, const int tops, const int places, const int rank,
                    const int first, const int key_low, const int key_high, const int batch_low,
                    const int batch_high, global int* room, global int* reach) {
  local int scratch[GROUP];
  const int item = get_local_id(0);
  const int slot = get_group_id(0);
  const int row = first + slot;
  const size_t base = (size_t)slot * places * 4;
  const size_t own_z = (size_t)(slot / BLOCK) * BLOCK * rank + slot % BLOCK;
  const int begin = reach[2 * slot], end = reach[2 * slot + 1];
  for (int c = begin + item; c < end; c += GROUP) {
    const int place = PLACE(c);
    VALUE(c) = as_int(0.0f);
    if (nodes[place].z & ORGANISATIONAL) continue;
    uint choice;
    VALUE(c) = as_int(fired(place, tops, rank, z + own_z, loadings, cutoffs, magnitudes, row, key_low, key_high,
                             batch_low, batch_high, &choice));
    OTHER(c) = (int)(choice);
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  for (int c = begin + item; c < end; c += GROUP) {
    if (ABOVE(c) < 0 || as_float(VALUE(c)) <= 0.0f) continue;
    const int4 above = nodes[PLACE(ABOVE(c))];
    if ((above.z & EXCLUSIVE) && is_beaten(room, base, c, PLACE(c) - above.x, above.y))
      ABOVE(c) = LOST;
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  // Each work item has some in a row: their children lie in order.
  const int some = (end - begin + GROUP - 1) / GROUP;
  const int own_begin = min(begin + item * some, end), own_end = min(own_begin + some, end);
  int children = 0;
  for (int c = own_begin; c < own_end; c++) {
    const int above = ABOVE(c);
    const int4 node = nodes[PLACE(c)];
    float ratio = above >= 0 ? as_float(OTHER(above)) : 1.0f;
    int stays = 1;
    if (!(node.z & ORGANISATIONAL)) {
      float value = above == LOST ? 0.0f : as_float(VALUE(c));
      if (above >= 0 && (nodes[PLACE(above)].z & SCALING)) value *= ratio;
      const float mean = magnitudes[PLACE(c)].x;
      ratio = mean > 0.0f ? value / mean : 1.0f;
      VALUE(c) = as_int(value);
      stays = value > 0.0f;
    }
    OTHER(c) = as_int(ratio);
    if (stays) children += node.y;
    else ABOVE(c) = LOST;
  }
  int more;
  int child = end + sum_before(children, scratch, &more);
  for (int c = own_begin; c < own_end; c++) {
    if (ABOVE(c) == LOST) continue;
    const int4 node = nodes[PLACE(c)];
    for (int i = 0; i < node.y; i++, child++) {
      PLACE(child) = node.x + i;
      ABOVE(child) = c;
    }
  }
  if (item == 0) {
    reach[2 * slot] = end;
    reach[2 * slot + 1] = end + more;
  }
}

// What is active, in order: the second and the fourth word of the first entries, which are not needed any more,
// take place and magnitude; `counts`: how many there are. Where d is not 0, x of the row too: the bias and
// the sum of the vectors of what is active. Vectors have `pairs` pairs of numbers.
kernel void make_rows(global const float2* restrict vectors, global const float2* restrict bias, const int pairs,
                      const int d, const int places, const int first, global const int* reach, global int* room,
                      global int* counts, global float* x) {
  local int scratch[GROUP];
  local int place_of[GROUP];
  local float value_of[GROUP];
  const int item = get_local_id(0);
  const int slot = get_group_id(0);
  const size_t base = (size_t)slot * places * 4;
  const int end = reach[2 * slot + 1];
  const int some = (end + GROUP - 1) / GROUP;
  const int own_begin = min(item * some, end), own_end = min(own_begin + some, end);
  int active = 0;
  for (int c = own_begin; c < own_end; c++) active += as_float(VALUE(c)) > 0.0f;
  int count;
  active = sum_before(active, scratch, &count);
  for (int c = own_begin; c < own_end; c++) {
    if (!(as_float(VALUE(c)) > 0.0f)) continue;
    ABOVE(active) = PLACE(c);
    OTHER(active) = VALUE(c);
    active++;
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  if (item == 0) counts[slot] = count;
  // A work item has three pairs of columns, so that several loads are under way.
  for (int from = 0; from < (d > 0 ? pairs : 0); from += 3 * GROUP) {
    float2 sum[3];
    const int at = from + item;
    const int columns = at >= pairs ? 0 : min(3, (pairs - at + GROUP - 1) / GROUP);
#pragma unroll
    for (int c = 0; c < 3; c++) sum[c] = c < columns ? bias[at + c * GROUP] : (float2)(0.0f);
    for (int from_entry = 0; from_entry < count; from_entry += GROUP) {
      const int here = min(GROUP, count - from_entry);
      barrier(CLK_LOCAL_MEM_FENCE);
      if (item < here) {
        place_of[item] = ABOVE(from_entry + item);
        value_of[item] = as_float(OTHER(from_entry + item));
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      if (columns == 3) {
#pragma unroll 4
        for (int e = 0; e < here; e++) {
          global const float2* vector = vectors + (size_t)place_of[e] * pairs + at;
          const float2 value = (float2)(value_of[e]);
          sum[0] = fma(value, vector[0], sum[0]);
          sum[1] = fma(value, vector[GROUP], sum[1]);
          sum[2] = fma(value, vector[2 * GROUP], sum[2]);
        }
      } else if (columns > 0) {
        for (int e = 0; e < here; e++) {
          global const float2* vector = vectors + (size_t)place_of[e] * pairs + at;
          const float2 value = (float2)(value_of[e]);
          sum[0] = fma(value, vector[0], sum[0]);
          if (columns == 2) sum[1] = fma(value, vector[GROUP], sum[1]);
        }
      }
    }
    global float* out = x + (size_t)(first + slot) * d;
#pragma unroll
    for (int c = 0; c < 3; c++) {
      const int column = 2 * (at + c * GROUP);
      if (c >= columns) continue;
      if (d % 2 == 0) ((global float2*)out)[column / 2] = sum[c];
      else {
        out[column] = sum[c].x;
        if (column + 1 < d) out[column + 1] = sum[c].y;
      }
    }
  }
}
