// Sums and extremes.

// Over rows of n numbers, the last of which may end before: one group for a row.
#define OVER_ROWS(NAME, START, JOIN) \
kernel void NAME(global const float* in, global float* out, int size, int n, float divisor) { \
  local float scratch[GROUP]; \
  const int lane = get_local_id(0); \
  const int begin = get_group_id(0) * n; \
  const int end = min(size, begin + n); \
  float parts[SUM_PARTS]; \
  float a; \
  for (int p = 0; p < SUM_PARTS; p++) { \
    a = START; \
    for (int i = begin + p * GROUP + lane; i < end; i += SUM_LANES) { const float b = in[i]; a = JOIN; } \
    parts[p] = a; \
  } \
  for (int half_of = SUM_PARTS / 2; half_of > 0; half_of >>= 1) { \
    for (int p = 0; p < half_of; p++) { const float b = parts[p + half_of]; a = parts[p]; parts[p] = JOIN; } \
  } \
  scratch[lane] = parts[0]; \
  barrier(CLK_LOCAL_MEM_FENCE); \
  for (int half_of = GROUP / 2; half_of > 0; half_of >>= 1) { \
    if (lane < half_of) { const float b = scratch[lane + half_of]; a = scratch[lane]; scratch[lane] = JOIN; } \
    barrier(CLK_LOCAL_MEM_FENCE); \
  } \
  if (lane == 0) out[get_group_id(0)] = scratch[0] / divisor; \
}

// Over the middle of [outer, n, inner]: a work item for each result and slice, slices of `rows`; out is
// [slices, outer, inner].
#define OVER_COLUMNS(NAME, START, JOIN) \
kernel void NAME(global const float* in, global float* out, int outer, int n, int inner, int rows, float divisor) { \
  const int at = get_global_id(0); \
  if (at >= outer * inner) return; \
  const int slice = get_global_id(1); \
  const int end = min(n, (slice + 1) * rows); \
  const int base = (at / inner) * n * inner + at % inner; \
  float a = START; \
  for (int i = slice * rows; i < end; i++) { const float b = in[base + i * inner]; a = JOIN; } \
  out[slice * outer * inner + at] = a / divisor; \
}

OVER_ROWS(rows_sum, 0, a + b)
OVER_ROWS(rows_max, -INFINITY, most(a, b))
OVER_ROWS(rows_min, INFINITY, least(a, b))
OVER_COLUMNS(columns_sum, 0, a + b)
OVER_COLUMNS(columns_max, -INFINITY, most(a, b))
OVER_COLUMNS(columns_min, INFINITY, least(a, b))

#define LANES_OF_SUM 16
// Shares of the rows, whatever GROUP is.
#define SHARES_OF_SUM (SUM_LANES / LANES_OF_SUM)

// The sum over the rows of a matrix in one launch: a group for LANES_OF_SUM columns, whose teams have
// shares of the rows.
kernel void sum_of_rows(global const float* in0, global const float* in1, global const float* in2, global const float* in3, global float* out0,
    global float* out1, global float* out2, global float* out3, int n, int columns, float divisor) {
  local float sums[SUM_LANES];
  global const float* in = OF(in);
  const int lane = get_local_id(0) % LANES_OF_SUM;
  const int team = get_local_id(0) / LANES_OF_SUM;
  const int column = get_group_id(0) * LANES_OF_SUM + lane;
  for (int share = team; share < SHARES_OF_SUM; share += GROUP / LANES_OF_SUM) {
    float part = 0;
    if (column < columns) for (int i = share; i < n; i += SHARES_OF_SUM) part += in[i * columns + column];
    sums[share * LANES_OF_SUM + lane] = part;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (team != 0 || column >= columns) return;
  float sum = sums[lane];
  for (int i = 1; i < SHARES_OF_SUM; i++) sum += sums[i * LANES_OF_SUM + lane];
  OF(out)[column] = sum / divisor;
}

// exp(x - largest) of a row over its sum.
kernel void softmax_rows(global const float* in, global float* out, int n) {
  local float scratch[GROUP];
  const int lane = get_local_id(0);
  const int base = get_group_id(0) * n;
  float largest = -INFINITY;
  for (int i = lane; i < n; i += GROUP) largest = most(largest, in[base + i]);
  largest = largest_of_group(largest, scratch);
  float sum;
  SUM_OVER(sum, 0, n, exp(in[base + i] - largest))
  for (int i = lane; i < n; i += GROUP) out[base + i] = exp(in[base + i] - largest) / sum;
}
