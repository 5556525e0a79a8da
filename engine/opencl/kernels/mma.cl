// Products by the tensor cores of NVIDIA: mma.sync m16n8k8 of TF32 numbers with sums in float32. A warp holds
// a [16, 8], b [8, 8] and c [16, 8] in fragments of 4, 2 and 4 registers. Elsewhere the instruction is
// emulated, so that the maps are tested. No card has run it: nothing uses it by itself.

#define WARP 32
#define TILE_M 16
#define TILE_N 8
#define TILE_K 8
#define OF_A 4
#define OF_B 2
#define OF_C 4

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
static void mma(const uint* a, const uint* b, float* c) {
  __asm__ volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#define MMA(a, b, c) mma(a, b, c)
#else
#define EXCHANGE local uint held[OF_A + OF_B][WARP];
// What the instruction does, told from the other side: which lane and register hold a number.
static void mma(local uint (*held)[WARP], const uint* a, const uint* b, float* c) {
  const int lane = get_local_id(0);
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
#define MMA(a, b, c) mma(held, a, b, c)
#endif

// c [m, n] = a [m, k] · b [k, n] with both rounded to TF32: a warp for a tile of 16 × 8.
__attribute__((reqd_work_group_size(WARP, 1, 1)))
kernel void product_tf32(global const float* a, global const float* b, global float* c, int m, int n, int k) {
  EXCHANGE
  const int lane = get_local_id(0);
  const int first_row = get_group_id(1) * TILE_M;
  const int first_column = get_group_id(0) * TILE_N;
  float sums[OF_C] = { 0, 0, 0, 0 };
  for (int depth = 0; depth < k; depth += TILE_K) {
    uint left[OF_A];
    uint right[OF_B];
    for (int i = 0; i < OF_A; i++) {
      const int row = first_row + row_of_a(lane, i);
      const int at = depth + depth_of_a(lane, i);
      left[i] = row < m && at < k ? tf32_of(a[row * k + at]) : 0u;
    }
    for (int i = 0; i < OF_B; i++) {
      const int column = first_column + column_of_b(lane);
      const int at = depth + depth_of_b(lane, i);
      right[i] = column < n && at < k ? tf32_of(b[at * n + column]) : 0u;
    }
    MMA(left, right, sums);
  }
  for (int i = 0; i < OF_C; i++) {
    const int row = first_row + row_of_c(lane, i);
    const int column = first_column + column_of_c(lane, i);
    if (row < m && column < n) c[row * n + column] = sums[i];
  }
}
