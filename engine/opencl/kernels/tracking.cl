// Numbers that training follows beside its gradients, in float64 where the device has it.

#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double exact;
#else
typedef float exact;
#endif

// A factor comes as the sum of two floats.
#define FACTOR(high, low) ((exact)(high) + (exact)(low))

// Moves each of some averages by `rate` towards the smallest positive number of its list, from place `at` on;
// nothing where there is none. A group for a list.
kernel void track_smallest(global const uint* starts0, global const uint* starts1, global const uint* starts2, global const uint* starts3,
    global const float* values0, global const float* values1, global const float* values2, global const float* values3, int rows,
    global exact* averages, int at, float rate, float rate_low) {
  local float scratch[GROUP];
  global const float* values = OF(values);
  const int lane = get_local_id(0);
  const int count = (int)OF(starts)[rows];
  float smallest = INFINITY;
  for (int s = lane; s < count; s += GROUP) if (values[s] > 0) smallest = fmin(smallest, values[s]);
  scratch[lane] = smallest;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_of = GROUP / 2; half_of > 0; half_of >>= 1) {
    if (lane < half_of) scratch[lane] = fmin(scratch[lane], scratch[lane + half_of]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (lane != 0 || !(scratch[0] < INFINITY)) return;
  const exact by = FACTOR(rate, rate_low);
  const int place = at + get_group_id(1);
  averages[place] = (1 - by) * averages[place] + by * (exact)scratch[0];
}

// Work items that count together, and their sum in each of them.
#define TEAM 32

static int count_of_team(int value, local int* scratch) {
  const int i = get_local_id(0);
  const int lane = i % TEAM;
  scratch[i] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_of = TEAM / 2; half_of > 0; half_of >>= 1) {
    if (lane < half_of) scratch[i] += scratch[i + half_of];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  return scratch[i - lane];
}

// In how many rows a column is not 0, in all work items of its team.
static int firing(global const uint* begins, global const uint* order, global const float* values, int column, int columns,
                  local int* scratch) {
  int count = 0;
  if (column < columns) {
    const int end = (int)begins[column + 1];
    for (int s = (int)begins[column] + (int)get_local_id(0) % TEAM; s < end; s += TEAM) count += values[order[s]] != 0;
  }
  return count_of_team(count, scratch);
}

// Moves each average towards the share of the rows in which its column is not 0; below 0 nothing was counted
// yet. A team for a column.
kernel void track_rates(global const uint* begins, global const uint* order, global const float* values, int columns, int rows,
    global exact* averages, float decay, float decay_low) {
  local int scratch[GROUP];
  const int column = get_global_id(0) / TEAM;
  const int count = firing(begins, order, values, column, columns, scratch);
  if (column >= columns || get_local_id(0) % TEAM != 0) return;
  const exact rate = (exact)count / (exact)rows;
  const exact by = FACTOR(decay, decay_low);
  const exact before = averages[column];
  averages[column] = before < 0 ? rate : by * before + (1 - by) * rate;
}

// Steps since each column was not 0. A team for a column.
kernel void count_since(global const uint* begins, global const uint* order, global const float* values, int columns, global exact* since) {
  local int scratch[GROUP];
  const int column = get_global_id(0) / TEAM;
  const int count = firing(begins, order, values, column, columns, scratch);
  if (column < columns && get_local_id(0) % TEAM == 0) since[column] = count > 0 ? 0 : since[column] + 1;
}

// The same for codes as a dense matrix.
kernel void count_since_dense(global const float* codes, int rows, int columns, global exact* since) {
  const int column = get_global_id(0);
  if (column >= columns) return;
  bool fired = false;
  for (int row = 0; row < rows && !fired; row++) fired = codes[row * columns + column] != 0;
  since[column] = fired ? 0 : since[column] + 1;
}

// 1 where a number is above `least`, and how many are. One group.
kernel void mark_above(global const exact* numbers_of, int size, float least_of, global int* marks, global float* count) {
  local int scratch[GROUP];
  int own = 0;
  for (int i = get_local_id(0); i < size; i += GROUP) {
    const int mark = numbers_of[i] > (exact)least_of;
    marks[i] = mark;
    own += mark;
  }
  own = count_of_group(own, scratch);
  if (get_local_id(0) == 0) count[0] = (float)own;
}

// The band of each number by its rank, the largest first and the first among equals: how many of the
// ascending widths are not above the rank. A team for a number.
kernel void bands_by_rank(global const exact* numbers_of, int size, global const int* widths, int count, global int* bands) {
  local int scratch[GROUP];
  const int i = get_global_id(0) / TEAM;
  int rank = 0;
  if (i < size) {
    const exact own = numbers_of[i];
    #pragma unroll 4
    for (int j = get_local_id(0) % TEAM; j < size; j += TEAM) {
      const exact other = numbers_of[j];
      rank += other > own || (other == own && j < i);
    }
  }
  rank = count_of_team(rank, scratch);
  if (i >= size || get_local_id(0) % TEAM != 0) return;
  int band = 0;
  while (band < count && rank >= widths[band]) band++;
  bands[i] = band;
}
