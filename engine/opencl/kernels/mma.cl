// Products by the tensor cores of NVIDIA: mma.sync m16n8k8 of TF32 numbers with sums in float32. A warp holds
// a [16, 8], b [8, 8] and c [16, 8] in fragments of 4, 2 and 4 registers. Tiles come to local memory by
// cp.async, two in turn: one is copied while the other is multiplied. Elsewhere both instructions are emulated,
// so that maps, tiles and waits are tested. No card has run it.

#define WARP 32
#define TILE_M 16
#define TILE_N 8
#define TILE_K 8
#define OF_A 4
#define OF_B 2
#define OF_C 4

// Fragments of a warp, and warps of a group: each warp makes 64 × 32 numbers.
#define PART_M 4
#define PART_N 4
#define WARPS (GROUP / WARP)
#define WARPS_M (WARPS >= 8 ? 2 : 1)
#define WARPS_N (WARPS / WARPS_M)
#define ROWS (WARPS_M * PART_M * TILE_M)
#define COLUMNS (WARPS_N * PART_N * TILE_N)
#define DEPTH 16
#define STAGES 2
// Padding, so that the 32 numbers of a fragment's register lie on different banks; rows stay multiples of 16
// bytes.
#define PAD_A 4
#define PAD_B 8
// Numbers of a tile that each work item brings.
#define LOADS_A (ROWS * DEPTH / GROUP)
#define LOADS_B (COLUMNS * DEPTH / GROUP)

// Which number register i of a lane holds.
static int row_of_a(int lane, int i) { return lane / 4 + 8 * (i % 2); }
static int depth_of_a(int lane, int i) { return lane % 4 + 4 * (i / 2); }
static int depth_of_b(int lane, int i) { return lane % 4 + 4 * i; }
static int column_of_b(int lane) { return lane / 4; }
static int row_of_c(int lane, int i) { return lane / 4 + 8 * (i / 2); }
static int column_of_c(int lane, int i) { return 2 * (lane % 4) + i % 2; }

// A number rounded to the 10 bits of mantissa that TF32 has: to the nearest, ties away from 0. Its low 13 bits
// are left as they are, since the instruction does not look at them. NaN must stay NaN.
static uint tf32_of(float x) { return fabs(x) < INFINITY ? as_uint(x) + 0x1000u : as_uint(x); }

#ifdef __NVPTX__
#define EXCHANGE
static inline void mma(const uint* a, const uint* b, float* c) {
  __asm__ volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#define MMA(a, b, c) mma(a, b, c)

// Copies of four numbers or of one, of which the first `bytes` are read, and the rest is 0.
#define COPIES
static inline void copy_four(local float* to, global const float* from, int bytes) {
  __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
      : : "r"((uint)(size_t)to), "l"((ulong)(size_t)from), "r"(bytes) : "memory");
}
static inline void copy_one(local float* to, global const float* from, int bytes) {
  __asm__ volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
      : : "r"((uint)(size_t)to), "l"((ulong)(size_t)from), "r"(bytes) : "memory");
}
#define COPY_FOUR(to, from, bytes) copy_four(to, from, bytes)
#define COPY_ONE(to, from, bytes) copy_one(to, from, bytes)
// What this work item has copied since the last one is a set; all sets but the last one are there.
#define END_OF_SET __asm__ volatile("cp.async.commit_group;" : : : "memory")
#define WAIT_FOR_ALL_BUT_ONE __asm__ volatile("cp.async.wait_group 1;" : : : "memory")
#else
#define EXCHANGE local uint held[WARPS][OF_A + OF_B][WARP];
// What the instruction does, told from the other side: which lane and register hold a number.
static void mma(local uint (*held)[WARP], const uint* a, const uint* b, float* c) {
  const int lane = get_local_id(0) % WARP;
  for (int i = 0; i < OF_A; i++) held[i][lane] = a[i] & ~0x1fffu;
  for (int i = 0; i < OF_B; i++) held[OF_A + i][lane] = b[i] & ~0x1fffu;
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

// Copies may come at any time until they are waited for: here as late as may be, or with HASTY as early.
typedef struct {
  local float* to[STAGES][LOADS_A + LOADS_B];
  global const float* from[STAGES][LOADS_A + LOADS_B];
  int numbers[STAGES][LOADS_A + LOADS_B], bytes[STAGES][LOADS_A + LOADS_B];
  int count[STAGES], begun, done;
} Copies;
#define COPIES \
  Copies copies; \
  copies.begun = copies.done = copies.count[0] = copies.count[1] = 0;

// A card refuses addresses that are no multiples of what is copied at a time: here numbers are wrong then.
static void do_copy(local float* to, global const float* from, int numbers, int bytes) {
  const int is_refused = ((size_t)to | (size_t)from) % (4 * numbers) != 0;
  for (int i = 0; i < numbers; i++) to[i] = is_refused ? NAN : 4 * i < bytes ? from[i] : 0.0f;
}
static void copy_later(Copies* copies, local float* to, global const float* from, int numbers, int bytes) {
#ifdef HASTY
  do_copy(to, from, numbers, bytes);
#else
  const int set = copies->begun % STAGES, at = copies->count[set]++;
  copies->to[set][at] = to;
  copies->from[set][at] = from;
  copies->numbers[set][at] = numbers;
  copies->bytes[set][at] = bytes;
#endif
}
static void wait_for_all_but(Copies* copies, int left) {
  for (; copies->begun - copies->done > left; copies->done++) {
    const int set = copies->done % STAGES;
    for (int i = 0; i < copies->count[set]; i++)
      do_copy(copies->to[set][i], copies->from[set][i], copies->numbers[set][i], copies->bytes[set][i]);
    copies->count[set] = 0;
  }
}
#define COPY_FOUR(to, from, bytes) copy_later(&copies, to, from, 4, bytes)
#define COPY_ONE(to, from, bytes) copy_later(&copies, to, from, 1, bytes)
#define END_OF_SET copies.begun++
#define WAIT_FOR_ALL_BUT_ONE wait_for_all_but(&copies, 1)
#endif

// Copies what is there of a tile, four numbers at a time where rows begin at multiples of 16 bytes; what is
// beyond the edges is 0. A copy of no bytes has the address of one that is there. One number at a time is not
// unrolled: its addresses would take the registers of a second group on a multiprocessor.
#define COPY_TILE(COPY, EACH, UNROLL, STAGE, FROM) { \
  _Pragma(UNROLL) \
  for (int i = 0; i < LOADS_A / EACH; i++) { \
    const int at = (item + i * GROUP) * EACH, row = first_row + at / DEPTH, column = (FROM) + at % DEPTH; \
    const int is_there = row < m && column < k; \
    COPY(&left[STAGE][at / DEPTH][at % DEPTH], a + (is_there ? row * k + column : 0), is_there ? 4 * EACH : 0); \
  } \
  _Pragma(UNROLL) \
  for (int i = 0; i < LOADS_B / EACH; i++) { \
    const int at = (item + i * GROUP) * EACH, row = (FROM) + at / COLUMNS, column = first_column + at % COLUMNS; \
    const int is_there = row < k && column < n; \
    COPY(&right[STAGE][at / COLUMNS][at % COLUMNS], b + (is_there ? row * n + column : 0), is_there ? 4 * EACH : 0); \
  } \
}
#define COPY_STAGE(STAGE, FROM) { \
  if (by_four) COPY_TILE(COPY_FOUR, 4, "unroll", STAGE, FROM) \
  else COPY_TILE(COPY_ONE, 1, "unroll 1", STAGE, FROM) \
}

// c [m, n] = (a [m, k] · b [k, n] + bias) · scale, a and b rounded to TF32: a group for a tile of ROWS × COLUMNS.
__attribute__((reqd_work_group_size(GROUP, 1, 1)))
kernel void product_tf32(global const float* restrict a, global const float* restrict b, global float* restrict c, int m, int n, int k,
    global const float* bias, global const float* scale, int biased, int scaled) {
  local float left[STAGES][ROWS][DEPTH + PAD_A] __attribute__((aligned(16)));
  local float right[STAGES][DEPTH][COLUMNS + PAD_B] __attribute__((aligned(16)));
  EXCHANGE
  COPIES
  const int item = get_local_id(0);
  const int lane = item % WARP;
  const int warp = item / WARP;
  const int first_row = get_group_id(1) * ROWS;
  const int first_column = get_group_id(0) * COLUMNS;
  const int by_four = k % 4 == 0 && n % 4 == 0;
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
  COPY_STAGE(0, 0)
  END_OF_SET;
  for (int depth = 0, stage = 0; depth < k; depth += DEPTH, stage ^= 1) {
    if (depth + DEPTH < k) COPY_STAGE(stage ^ 1, depth + DEPTH)
    // The last set has nothing in it, so that the wait is for the same number of them.
    END_OF_SET;
    WAIT_FOR_ALL_BUT_ONE;
    barrier(CLK_LOCAL_MEM_FENCE);
    #pragma unroll
    for (int inner = 0; inner < DEPTH; inner += TILE_K) {
      uint u[PART_M][OF_A];
      uint v[PART_N][OF_B];
      #pragma unroll
      for (int p = 0; p < PART_M; p++) {
        #pragma unroll
        for (int i = 0; i < OF_A; i++)
          u[p][i] = tf32_of(left[stage][own_row + p * TILE_M + row_of_a(lane, i)][inner + depth_of_a(lane, i)]);
      }
      #pragma unroll
      for (int q = 0; q < PART_N; q++) {
        #pragma unroll
        for (int i = 0; i < OF_B; i++)
          v[q][i] = tf32_of(right[stage][inner + depth_of_b(lane, i)][own_column + q * TILE_N + column_of_b(lane)]);
      }
      #pragma unroll
      for (int p = 0; p < PART_M; p++) {
        #pragma unroll
        for (int q = 0; q < PART_N; q++) MMA(u[p], v[q], sums[p][q]);
      }
    }
    // The next copies go where others may still read.
    barrier(CLK_LOCAL_MEM_FENCE);
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
