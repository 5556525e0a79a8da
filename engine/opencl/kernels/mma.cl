// Products by the tensor cores of NVIDIA: mma.sync m16n8k8 of TF32 numbers with sums in float32. A warp holds
// a [16, 8], b [8, 8] and c [16, 8] in fragments of 4, 2 and 4 registers. Elsewhere the instruction is
// emulated, so that maps and tiles are tested. No card has run it.

#define WARP 32
#define TILE_M 16
#define TILE_N 8
#define TILE_K 8
#define OF_A 4
#define OF_B 2
#define OF_C 4

// Fragments of a warp, and warps of a group: each warp makes 32 × 32 numbers.
#define PART_M 2
#define PART_N 4
#define WARPS (GROUP / WARP)
#define WARPS_N 2
#define WARPS_M (WARPS / WARPS_N)
#define ROWS (WARPS_M * PART_M * TILE_M)
#define COLUMNS (WARPS_N * PART_N * TILE_N)
#define DEPTH 16
// Padding, so that the 32 numbers of a fragment's register lie on different banks.
#define PAD_A 4
#define PAD_B 8
#define LOADS_A (ROWS * DEPTH / GROUP)
#define LOADS_B (COLUMNS * DEPTH / GROUP)

// Which number register i of a lane holds.
static int row_of_a(int lane, int i) { return lane / 4 + 8 * (i % 2); }
static int depth_of_a(int lane, int i) { return lane % 4 + 4 * (i / 2); }
static int depth_of_b(int lane, int i) { return lane % 4 + 4 * i; }
static int column_of_b(int lane) { return lane / 4; }
static int row_of_c(int lane, int i) { return lane / 4 + 8 * (i / 2); }
static int column_of_c(int lane, int i) { return 2 * (lane % 4) + i % 2; }

// A number with the 10 bits of the mantissa that TF32 has: to the nearest, ties away from 0.
static uint tf32_of(float x) { return isfinite(x) ? (as_uint(x) + 0x1000u) & ~0x1fffu : as_uint(x); }

#ifdef __NVPTX__
#define EXCHANGE
static inline void mma(const uint* a, const uint* b, float* c) {
  __asm__ volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#define MMA(a, b, c) mma(a, b, c)
#else
#define EXCHANGE local uint held[WARPS][OF_A + OF_B][WARP];
// What the instruction does, told from the other side: which lane and register hold a number.
static void mma(local uint (*held)[WARP], const uint* a, const uint* b, float* c) {
  const int lane = get_local_id(0) % WARP;
  for (int i = 0; i < OF_A; i++) held[i][lane] = a[i];
  for (int i = 0; i < OF_B; i++) held[OF_A + i][lane] = b[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = 0; i < OF_C; i++) {
    const int row = (lane >> 2) + (i < 2 ? 0 : 8);
    const int column = ((lane & 3) << 1) + (i & 1);
    for (int k = 0; k < TILE_K; k++) {
      const uint left = held[(row >= 8) + 2 * (k >= 4)][((row & 7) << 2) + (k & 3)];
      const uint right = held[OF_A + (k >= 4)][(column << 2) + (k & 3)];
      c[i] = fma(as_float(left), as_float(right), c[i]);
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
}
#define MMA(a, b, c) mma(held[warp], a, b, c)
#endif

// c [m, n] = (a [m, k] · b [k, n] + bias) · scale, a and b rounded to TF32: a group for a tile of ROWS × COLUMNS.
__attribute__((reqd_work_group_size(GROUP, 1, 1)))
kernel void product_tf32(global const float* restrict a, global const float* restrict b, global float* restrict c, int m, int n, int k,
    global const float* bias, global const float* scale, int biased, int scaled) {
  local uint left[ROWS][DEPTH + PAD_A];
  local uint right[DEPTH][COLUMNS + PAD_B];
  EXCHANGE
  const int item = get_local_id(0);
  const int lane = item % WARP;
  const int warp = item / WARP;
  const int first_row = get_group_id(1) * ROWS;
  const int first_column = get_group_id(0) * COLUMNS;
  // Where the numbers of this warp begin in the tile.
  const int own_row = warp / WARPS_N * PART_M * TILE_M;
  const int own_column = warp % WARPS_N * PART_N * TILE_N;
  float sums[PART_M][PART_N][OF_C];
  #pragma unroll
  for (int p = 0; p < PART_M; p++) {
    #pragma unroll
    for (int q = 0; q < PART_N; q++) {
      #pragma unroll
      for (int i = 0; i < OF_C; i++) sums[p][q][i] = 0;
    }
  }
  uint next_left[LOADS_A];
  uint next_right[LOADS_B];
  for (int depth = 0; depth < k; depth += DEPTH) {
    // Loaded before the barrier: the loads wait while other warps still compute.
    #pragma unroll
    for (int i = 0; i < LOADS_A; i++) {
      const int row = first_row + (item + i * GROUP) / DEPTH;
      const int at = depth + (item + i * GROUP) % DEPTH;
      next_left[i] = row < m && at < k ? tf32_of(a[row * k + at]) : 0u;
    }
    #pragma unroll
    for (int i = 0; i < LOADS_B; i++) {
      const int column = first_column + (item + i * GROUP) % COLUMNS;
      const int at = depth + (item + i * GROUP) / COLUMNS;
      next_right[i] = column < n && at < k ? tf32_of(b[at * n + column]) : 0u;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    #pragma unroll
    for (int i = 0; i < LOADS_A; i++) left[(item + i * GROUP) / DEPTH][(item + i * GROUP) % DEPTH] = next_left[i];
    #pragma unroll
    for (int i = 0; i < LOADS_B; i++) right[(item + i * GROUP) / COLUMNS][(item + i * GROUP) % COLUMNS] = next_right[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    #pragma unroll
    for (int inner = 0; inner < DEPTH; inner += TILE_K) {
      uint u[PART_M][OF_A];
      uint v[PART_N][OF_B];
      #pragma unroll
      for (int p = 0; p < PART_M; p++) {
        #pragma unroll
        for (int i = 0; i < OF_A; i++) u[p][i] = left[own_row + p * TILE_M + row_of_a(lane, i)][inner + depth_of_a(lane, i)];
      }
      #pragma unroll
      for (int q = 0; q < PART_N; q++) {
        #pragma unroll
        for (int i = 0; i < OF_B; i++) v[q][i] = right[inner + depth_of_b(lane, i)][own_column + q * TILE_N + column_of_b(lane)];
      }
      #pragma unroll
      for (int p = 0; p < PART_M; p++) {
        #pragma unroll
        for (int q = 0; q < PART_N; q++) MMA(u[p], v[q], sums[p][q]);
      }
    }
  }
  #pragma unroll
  for (int p = 0; p < PART_M; p++) {
    #pragma unroll
    for (int q = 0; q < PART_N; q++) {
      #pragma unroll
      for (int i = 0; i < OF_C; i++) {
        const int row = first_row + own_row + p * TILE_M + row_of_c(lane, i);
        const int column = first_column + own_column + q * TILE_N + column_of_c(lane, i);
        if (row >= m || column >= n) continue;
        float value = sums[p][q][i];
        if (biased) value += bias[column];
        if (scaled) value *= scale[column];
        c[row * n + column] = value;
      }
    }
  }
}
