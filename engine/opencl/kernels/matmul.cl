// c [m, n] = (a · b + bias) · scale, each operand given as its transpose or not: TA, TB are 1 or 0. A group
// of TX × TY work items makes a tile of TY · R × TX · R numbers, R × R of them in the registers of each work
// item. R is 4 or 8; K is the depth of a step. Operands come VECTOR numbers at a time: with 4, their rows are
// multiples of four numbers. Sums are made in the order of the depth, whatever these are.

#define ITEMS (TX * TY)
#define ROWS (TY * R)
#define COLUMNS (TX * R)
#define HALVES (R / 4)
// Padding, so that the transposing writes of a group fall on different banks.
#define PAD 4
// What each work item brings of a tile, in loads.
#define PART_A (ROWS * K / ITEMS / VECTOR)
#define PART_B (COLUMNS * K / ITEMS / VECTOR)

// Load t of a tile: where it begins, and how the numbers of one load lie in the tile.
#if TA
#define A_AT(row, depth) (depth) * m + (row)
#define A_STEP (K * m)
#define A_LAST (m - VECTOR)
#define A_ROW(t) ((t) % (ROWS / VECTOR) * VECTOR)
#define A_DEPTH(t) ((t) / (ROWS / VECTOR))
#define PUT_A ALONG
#else
#define A_AT(row, depth) (row) * k + (depth)
#define A_STEP K
#define A_LAST (m - 1)
#define A_ROW(t) ((t) / (K / VECTOR))
#define A_DEPTH(t) ((t) % (K / VECTOR) * VECTOR)
#define PUT_A ACROSS
#endif
#if TB
#define B_AT(depth, column) (column) * k + (depth)
#define B_STEP K
#define B_LAST (n - 1)
#define B_COLUMN(t) ((t) / (K / VECTOR))
#define B_DEPTH(t) ((t) % (K / VECTOR) * VECTOR)
#define PUT_B ACROSS
#else
#define B_AT(depth, column) (depth) * n + (column)
#define B_STEP (K * n)
#define B_LAST (n - VECTOR)
#define B_COLUMN(t) ((t) % (COLUMNS / VECTOR) * VECTOR)
#define B_DEPTH(t) ((t) / (COLUMNS / VECTOR))
#define PUT_B ALONG
#endif

#if VECTOR == 4
typedef float4 Some;
#define ALONG(tile, d, at, some) *(local float4*)&tile[d][at] = some
#define ACROSS(tile, d, at, some) { \
  tile[(d)][at] = some.x; \
  tile[(d) + 1][at] = some.y; \
  tile[(d) + 2][at] = some.z; \
  tile[(d) + 3][at] = some.w; \
}
#else
typedef float Some;
#define ALONG(tile, d, at, some) tile[d][at] = some
#define ACROSS ALONG
#endif

// Loads the next tiles, from this depth on, into registers; beyond the last depth is 0.
#define LOAD(depth) { \
  _Pragma("unroll") \
  for (int i = 0; i < PART_A; i++) { \
    nextLeft[i] = (depth) + A_DEPTH(item + i * ITEMS) < k ? *(global const Some*)(a + fromLeft[i]) : (Some)(0); \
    fromLeft[i] += A_STEP; \
  } \
  _Pragma("unroll") \
  for (int i = 0; i < PART_B; i++) { \
    nextRight[i] = (depth) + B_DEPTH(item + i * ITEMS) < k ? *(global const Some*)(b + fromRight[i]) : (Some)(0); \
    fromRight[i] += B_STEP; \
  } \
}
#define PUT(stage) { \
  _Pragma("unroll") \
  for (int i = 0; i < PART_A; i++) { \
    const int t = item + i * ITEMS; \
    PUT_A(left[stage], A_DEPTH(t), A_ROW(t), nextLeft[i]); \
  } \
  _Pragma("unroll") \
  for (int i = 0; i < PART_B; i++) { \
    const int t = item + i * ITEMS; \
    PUT_B(right[stage], B_DEPTH(t), B_COLUMN(t), nextRight[i]); \
  } \
}

__attribute__((reqd_work_group_size(TX, TY, 1)))
kernel void product(global const float* restrict a, global const float* restrict b, global float* restrict c, int m, int n, int k,
    int nextA, int nextB, global const float* bias, global const float* scale, int biased, int scaled) {
  // Two tiles in turn: one is read while the next is written. Aligned, so that four numbers are read at once.
  local float left[2][K][ROWS + PAD] __attribute__((aligned(16)));
  local float right[2][K][COLUMNS + PAD] __attribute__((aligned(16)));
  const int item = get_local_id(1) * TX + get_local_id(0);
  // 32 work items, which a card runs together, have 4 × 8 parts of the tile. Those that differ in their lowest
  // bit read the same rows, those that differ in the next the same columns: so a card reads fewest banks.
  const int lane = item % 32;
  const int x = item / 32 % (TX / 8) * 8 + lane % 2 + lane / 4 % 4 * 2;
  const int y = item / 32 / (TX / 8) * 4 + lane / 2 % 2 + lane / 16 * 2;
  const int firstRow = get_group_id(1) * ROWS;
  const int firstColumn = get_group_id(0) * COLUMNS;
  const int batch = get_group_id(2);
  a += batch * nextA;
  b += batch * nextB;
  c += batch * m * n;
  float sums[R][R];
  #pragma unroll
  for (int i = 0; i < R; i++) {
    #pragma unroll
    for (int j = 0; j < R; j++) sums[i][j] = 0;
  }
  Some nextLeft[PART_A];
  Some nextRight[PART_B];
  // Where the next loads begin. Beyond the edges are the last rows and columns, in sums that are not kept.
  int fromLeft[PART_A];
  int fromRight[PART_B];
  #pragma unroll
  for (int i = 0; i < PART_A; i++) {
    const int t = item + i * ITEMS;
    fromLeft[i] = A_AT(min(firstRow + A_ROW(t), A_LAST), A_DEPTH(t));
  }
  #pragma unroll
  for (int i = 0; i < PART_B; i++) {
    const int t = item + i * ITEMS;
    fromRight[i] = B_AT(B_DEPTH(t), min(firstColumn + B_COLUMN(t), B_LAST));
  }
  LOAD(0)
  PUT(0)
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int depth = 0, stage = 0; depth < k; depth += K, stage ^= 1) {
    // Loaded before the sums, which hide the wait.
    if (depth + K < k) LOAD(depth + K)
    #pragma unroll
    for (int d = 0; d < K; d++) {
      float u[R];
      float v[R];
      #pragma unroll
      for (int half_of = 0; half_of < HALVES; half_of++) {
        const float4 a4 = *(local const float4*)&left[stage][d][half_of * TY * 4 + y * 4];
        const float4 b4 = *(local const float4*)&right[stage][d][half_of * TX * 4 + x * 4];
        vstore4(a4, 0, &u[half_of * 4]);
        vstore4(b4, 0, &v[half_of * 4]);
      }
      #pragma unroll
      for (int i = 0; i < R; i++) {
        #pragma unroll
        for (int j = 0; j < R; j++) sums[i][j] = fma(u[i], v[j], sums[i][j]);
      }
    }
    if (depth + K < k) PUT(stage ^ 1)
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  #pragma unroll
  for (int i = 0; i < R; i++) {
    const int row = firstRow + (i / 4) * TY * 4 + y * 4 + i % 4;
    #pragma unroll
    for (int half_of = 0; half_of < HALVES; half_of++) {
      const int column = firstColumn + half_of * TX * 4 + x * 4;
      float values[4];
      #pragma unroll
      for (int j = 0; j < 4; j++) {
        values[j] = sums[i][half_of * 4 + j];
        if (column + j >= n) continue;
        if (biased) values[j] += bias[column + j];
        if (scaled) values[j] *= scale[column + j];
      }
      if (row >= m) continue;
      if (n % 4 == 0 && column < n) {
        *(global float4*)(c + row * n + column) = vload4(0, values);
        continue;
      }
      #pragma unroll
      for (int j = 0; j < 4; j++) if (column + j < n) c[row * n + column + j] = values[j];
    }
  }
}
