// Which features may fire, of those that stand below nothing. Features fire given the factors z with
// probability Phi(loadings_i · z - cutoffs_i), as in ../../sampler.ts, the reference.
//
// A place is a node of the forest: first what stands below nothing (the tops: roots, and features outside of
// the forest), then level by level, so that the children of a node lie side by side. All arrays go by place.

// Factors that find_tops holds at a time.
#define TILE 32

// erfc of a large number is 0: what cannot fire never does. Phi of infinity is 1.
static float phi_of(float argument) { return 0.5f * erfc(-0.7071067811865476f * argument); }

// Not below phi_of, for a few operations. Below 0, Phi is the density times Mills' ratio, whose logarithm is
// convex: a chord from 0 to 4 lies above it, and so does its end from there on. Its power of 2 is read off
// the bits of a float, which is a chord too. 0.002 is for what is rounded.
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

// Bits of four tops and a block of rows, 4 row + top: set where the top may fire. A work item has four tops,
// whose uniform numbers are the words of one counter. The argument is summed as descend sums it. `columns`:
// groups that share a block. Loadings lie [rank, tops], cutoffs of places beyond the tops are infinite.
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
