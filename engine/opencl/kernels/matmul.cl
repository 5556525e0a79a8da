// c [m, n] = (a · b + bias) · scale, each operand given as its transpose or not: TA, TB are 1 or 0. A group
// of TX × TY work items makes a tile of TY · R × TX · R numbers, R × R of them in the registers of each work
// item. R is 4 or 8; K is the depth of a step.

#define ITEMS (TX * TY)
#define ROWS (TY * R)
#define COLUMNS (TX * R)
#define HALVES (R / 4)
// Padding, so that the transposing writes of a group fall on different banks.
#define PAD 4
#define PART_A ((ROWS * K) / ITEMS)
#define PART_B ((COLUMNS * K) / ITEMS)

#if TA
#define A_AT(row, depth) a[(depth) * m + (row)]
#define A_ROW(t) ((t) % ROWS)
#define A_DEPTH(t) ((t) / ROWS)
#else
#define A_AT(row, depth) a[(row) * k + (depth)]
#define A_ROW(t) ((t) / K)
#define A_DEPTH(t) ((t) % K)
#endif
#if TB
#define B_AT(depth, column) b[(column) * k + (depth)]
#define B_COLUMN(t) ((t) / K)
#define B_DEPTH(t) ((t) % K)
#else
#define B_AT(depth, column) b[(depth) * n + (column)]
#define B_COLUMN(t) ((t) % COLUMNS)
#define B_DEPTH(t) ((t) / COLUMNS)
#endif

__attribute__((reqd_work_group_size(TX, TY, 1)))
kernel void product(global const float* restrict a, global const float* restrict b, global float* restrict c, int m, int n, int k,
    int nextA, int nextB, global const float* bias, global const float* scale, int biased, int scaled) {
  // Aligned, so that four numbers are read at once.
  local float left[K][ROWS + PAD] __attribute__((aligned(16)));
  local float right[K][COLUMNS + PAD] __attribute__((aligned(16)));
  const int x = get_local_id(0);
  const int y = get_local_id(1);
  const int item = y * TX + x;
  const int firstRow = get_group_id(1) * ROWS;
  const int firstColumn = get_group_id(0) * COLUMNS;
  const int batch = get_group_id(2);
  a += batch * nextA;
  b += batch * nextB;
  c += batch * m * n;
  float sums[R][R];
  for (int i = 0; i < R; i++) for (int j = 0; j < R; j++) sums[i][j] = 0;
  float nextLeft[PART_A];
  float nextRight[PART_B];
  for (int depth = 0; depth < k; depth += K) {
    // Loaded before the barrier: the loads wait while the other groups of the core still compute.
    #pragma unroll
    for (int i = 0; i < PART_A; i++) {
      const int t = item + i * ITEMS;
      const int row = firstRow + A_ROW(t);
      const int at = depth + A_DEPTH(t);
      nextLeft[i] = row < m && at < k ? A_AT(row, at) : 0.0f;
    }
    #pragma unroll
    for (int i = 0; i < PART_B; i++) {
      const int t = item + i * ITEMS;
      const int column = firstColumn + B_COLUMN(t);
      const int at = depth + B_DEPTH(t);
      nextRight[i] = column < n && at < k ? B_AT(at, column) : 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    #pragma unroll
    for (int i = 0; i < PART_A; i++) left[A_DEPTH(item + i * ITEMS)][A_ROW(item + i * ITEMS)] = nextLeft[i];
    #pragma unroll
    for (int i = 0; i < PART_B; i++) right[B_DEPTH(item + i * ITEMS)][B_COLUMN(item + i * ITEMS)] = nextRight[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int d = 0; d < K; d++) {
      float u[R];
      float v[R];
      #pragma unroll
      for (int half_of = 0; half_of < HALVES; half_of++) {
        const float4 a4 = *(local const float4*)&left[d][half_of * TY * 4 + y * 4];
        const float4 b4 = *(local const float4*)&right[d][half_of * TX * 4 + x * 4];
        vstore4(a4, 0, &u[half_of * 4]);
        vstore4(b4, 0, &v[half_of * 4]);
      }
      #pragma unroll
      for (int i = 0; i < R; i++) {
        #pragma unroll
        for (int j = 0; j < R; j++) sums[i][j] = fma(u[i], v[j], sums[i][j]);
      }
    }
  }
  #pragma unroll
  for (int i = 0; i < R; i++) {
    const int row = firstRow + (i / 4) * TY * 4 + y * 4 + i % 4;
    #pragma unroll
    for (int j = 0; j < R; j++) {
      const int column = firstColumn + (j / 4) * TX * 4 + x * 4 + j % 4;
      if (row >= m || column >= n) continue;
      float value = sums[i][j];
      if (biased) value += bias[column];
      if (scaled) value *= scale[column];
      c[row * n + column] = value;
    }
  }
}
