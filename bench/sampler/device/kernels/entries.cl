// Entries: what may be active in a row. list_tops makes those of the tops that may fire, descend decides on
// them level by level. Each kernel here and in rows.cl has a group for a row, `slot` from 0 on, with room for
// an entry of each place. They are not one: PoCL's compiler does not take several sums in loops of a kernel.

// A node, as the host lays it out: the place of its first child, how many it has, and flags: at most one
// child stays; children scale with the feature above them; it groups its children and is no feature.
#define EXCLUSIVE 1
#define SCALING 2
#define ORGANISATIONAL 4

// What may be active in a row: its place; the index of what it stands below (-1: nothing, LOST: a rival
// stays); its magnitude, 0 where it is not active; and bits, of a candidate those that choose it among rivals,
// later magnitude over mean of the nearest feature at or above it.
#define LOST -2
#define PLACE(E) room[base + 4 * (size_t)(E)]
#define ABOVE(E) room[base + 4 * (size_t)(E) + 1]
#define VALUE(E) room[base + 4 * (size_t)(E) + 2]
#define OTHER(E) room[base + 4 * (size_t)(E) + 3]

// The entries of the tops that may fire, in order; `reach` of a row is where its present level begins and
// ends.
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

// Whether a rival of a candidate fires that comes before it: the one with the largest bits, each with the
// same chance. `before` are its siblings' entries that lie before its own.
static int is_beaten(global const int* room, size_t base, int c, int before, int siblings) {
  const uint own = (uint)OTHER(c);
  for (int s = c - before; s < c - before + siblings; s++) {
    if (s == c || as_float(VALUE(s)) <= 0.0f) continue;
    if ((uint)OTHER(s) > own || ((uint)OTHER(s) == own && s < c)) return 1;
  }
  return 0;
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
