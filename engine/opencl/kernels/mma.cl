// Products by the tensor cores of NVIDIA: mma.sync m16n8k8 of TF32 numbers with sums in float32. A warp holds
// a [16, 8], b [8, 8] and c [16, 8] in fragments of 4, 2 and 4 registers. Tiles come to local memory by
// cp.async, STAGES in turn: the next ones are copied while one is multiplied. Elsewhere both instructions are
// emulated, so that maps, tiles and waits are tested.

#define WARP 32
#define TILE_M 16
#define TILE_N 8
#define TILE_K 8
#define OF_A 4
#define OF_B 2
#define OF_C 4

// Fragments of a warp, and warps of a group: each warp makes 64 × 64 numbers.
#define PART_M 4
#define PART_N 8
#define WARPS (GROUP / WARP)
#define WARPS_M (WARPS >= 4 ? 2 : 1)
#define WARPS_N (WARPS / WARPS_M)
#define ROWS (WARPS_M * PART_M * TILE_M)
#define COLUMNS (WARPS_N * PART_N * TILE_N)
#define DEPTH TILE_K
#define STAGES 4
// Numbers of a tile that each work item brings.
#define LOADS_A (ROWS * DEPTH / GROUP)
#define LOADS_B (COLUMNS * DEPTH / GROUP)

// The numbers of a fragment are those that let a lane read several at once: which depths and columns of the
// tile they are is free, as long as a and b agree on the depths. A lane has two depths that follow each other.
// Four columns that follow each other belong to four fragments of b.
#define DEPTHS 2
// Four columns of a row of b lie where this says, so that no two lanes read the same bank at once.
#define RIGHT_AT(row, column) (((column) / 4 ^ (row) / DEPTHS) * 4 + (column) % 4)

// A number rounded to the 10 bits of mantissa that TF32 has: to the nearest, ties away from 0, by half of the
// last bit that is added. Its low 13 bits are left, since the instruction does not look at them. NaN stays NaN.
static uint tf32_of(float x) { return as_uint(fma(as_float(as_uint(x) & 0xff800000u), 0x1p-11f, x)); }

#ifdef __NVPTX__
#define EXCHANGE
static inline void mma(const uint* a, const uint* b, float* c) {
  __asm__ volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#define MMA(a, b, c) mma(a, b, c)

// Four numbers at once: of a vector of which it uses each number alone, the compiler makes single loads.
static inline void read_four(float* to, local const float* from) {
  __asm__ volatile("ld.shared.v4.f32 {%0,%1,%2,%3}, [%4];"
      : "=f"(to[0]), "=f"(to[1]), "=f"(to[2]), "=f"(to[3]) : "r"((uint)(size_t)from) : "memory");
}
#define READ_FOUR(to, from) read_four(to, from)

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
// What this work item has copied since the last one is a set; all sets but the last ones are there.
#define END_OF_SET __asm__ volatile("cp.async.commit_group;" : : : "memory")
#define WAIT_FOR_ALL_BUT(LEFT) __asm__ volatile("cp.async.wait_group %0;" : : "n"(LEFT) : "memory")
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
#define READ_FOUR(to, from) vstore4(*(local const float4*)(from), 0, to)

// Copies may come at any time until they are waited for: here as late as may be, or with HASTY as early.
typedef struct {
  local float* to[STAGES][LOADS_A + LOADS_B];
  global const float* from[STAGES][LOADS_A + LOADS_B];
  int numbers[STAGES][LOADS_A + LOADS_B], bytes[STAGES][LOADS_A + LOADS_B];
  int count[STAGES], begun, done;
} Copies;
#define COPIES \
  Copies copies; \
  copies.begun = copies.done = 0; \
  for (int i = 0; i < STAGES; i++) copies.count[i] = 0;

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
#define WAIT_FOR_ALL_BUT(LEFT) wait_for_all_but(&copies, LEFT)
#endif

// Copies what is there of a tile, four numbers at a time where rows begin at multiples of 16 bytes; what is
// beyond the edges is 0. A copy of no bytes has the address of one that is there. One number at a time is not
// unrolled: its addresses would take registers that the sums need.
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
    COPY(&right[STAGE][at / COLUMNS][RIGHT_AT(at / COLUMNS, at % COLUMNS)], b + (is_there ? row * n + column : 0), is_there ? 4 * EACH : 0); \
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
  local float left[STAGES][ROWS][DEPTH] __attribute__((aligned(16)));
  local float right[STAGES][DEPTH][COLUMNS] __attribute__((aligned(16)));
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
  // The row and the column of the instruction's a and b that this lane has, and which of the depths.
  const int of_a_and_b = lane / 4;
  const int quarter = lane % 4;
  const int from_row = own_row + of_a_and_b;
  const int from_column = own_column + (of_a_and_b % 2 * 4 + of_a_and_b / 2) * 4;
  float sums[PART_M][PART_N][OF_C];
  #pragma unroll
  for (int p = 0; p < PART_M; p++) {
    #pragma unroll
    for (int q = 0; q < PART_N; q++) {
      #pragma unroll
      for (int i = 0; i < OF_C; i++) sums[p][q][i] = 0;
    }
  }
  for (int stage = 0; stage < STAGES - 1; stage++) {
    if (stage * DEPTH < k) COPY_STAGE(stage, stage * DEPTH)
    END_OF_SET;
  }
  for (int depth = 0, stage = 0; depth < k; depth += DEPTH) {
    WAIT_FOR_ALL_BUT(STAGES - 2);
    // All have read the stage before, which the next copies overwrite.
    barrier(CLK_LOCAL_MEM_FENCE);
    const int last = stage == 0 ? STAGES - 1 : stage - 1;
    if (depth + (STAGES - 1) * DEPTH < k) COPY_STAGE(last, depth + (STAGES - 1) * DEPTH)
    // The last sets have nothing in them, so that the wait is for the same number of them.
    END_OF_SET;
    uint u[PART_M][OF_A];
    uint v[PART_N][OF_B];
    #pragma unroll
    for (int p = 0; p < PART_M; p++) {
      #pragma unroll
      for (int half_of = 0; half_of < 2; half_of++) {
        const int row = from_row + p * TILE_M + half_of * 8;
        const float2 some = *(local const float2*)&left[stage][row][quarter * DEPTHS];
        u[p][half_of] = tf32_of(some.x);
        u[p][2 + half_of] = tf32_of(some.y);
      }
    }
    #pragma unroll
    for (int i = 0; i < OF_B; i++) {
      const int row = quarter * DEPTHS + i;
      #pragma unroll
      for (int q = 0; q < PART_N; q += 4) {
        float some[4];
        READ_FOUR(some, &right[stage][row][RIGHT_AT(row, from_column + q * 8)]);
        #pragma unroll
        for (int j = 0; j < 4; j++) v[q + j][i] = tf32_of(some[j]);
      }
    }
    #pragma unroll
    for (int p = 0; p < PART_M; p++) {
      #pragma unroll
      for (int q = 0; q < PART_N; q++) MMA(u[p], v[q], sums[p][q]);
    }
    stage = stage == STAGES - 1 ? 0 : stage + 1;
  }
  // A lane has four columns that follow each other in four fragments.
  #pragma unroll
  for (int q = 0; q < PART_N; q += 4) {
    #pragma unroll
    for (int side = 0; side < 2; side++) {
      const int column = first_column + own_column + q * 8 + side * 16 + quarter * 4;
      float added[4], times[4];
      #pragma unroll
      for (int j = 0; j < 4; j++) {
        added[j] = biased && column + j < n ? bias[column + j] : 0.0f;
        times[j] = scaled && column + j < n ? scale[column + j] : 1.0f;
      }
      #pragma unroll
      for (int p = 0; p < PART_M; p++) {
        #pragma unroll
        for (int half_of = 0; half_of < 2; half_of++) {
          const int row = first_row + from_row + p * TILE_M + half_of * 8;
          float values[4];
          #pragma unroll
          for (int j = 0; j < 4; j++) values[j] = (sums[p][q + j][half_of * 2 + side] + added[j]) * times[j];
          if (row >= m) continue;
          if (by_four) {
            if (column < n) *(global float4*)(c + row * n + column) = vload4(0, values);
            continue;
          }
          #pragma unroll
          for (int j = 0; j < 4; j++) if (column + j < n) c[row * n + column + j] = values[j];
        }
      }
    }
  }
}
