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

static int firing(global const uint* begins, global const uint* order, global const float* values, int column) {
  int count = 0;
  for (uint s = begins[column]; s < begins[column + 1]; s++) count += values[order[s]] != 0;
  return count;
}

// Moves each average towards the share of the rows in which its column is not 0; below 0 nothing was counted
// yet.
kernel void track_rates(global const uint* begins, global const uint* order, global const float* values, int columns, int rows,
    global exact* averages, float decay, float decay_low) {
  const int column = get_global_id(0);
  if (column >= columns) return;
  const exact rate = (exact)firing(begins, order, values, column) / (exact)rows;
  const exact by = FACTOR(decay, decay_low);
  const exact before = averages[column];
  averages[column] = before < 0 ? rate : by * before + (1 - by) * rate;
}

// Steps since each column was not 0.
kernel void count_since(global const uint* begins, global const uint* order, global const float* values, int columns, global exact* since) {
  const int column = get_global_id(0);
  if (column < columns) since[column] = firing(begins, order, values, column) > 0 ? 0 : since[column] + 1;
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
// ascending widths are not above the rank.
kernel void bands_by_rank(global const exact* numbers_of, int size, global const int* widths, int count, global int* bands) {
  local exact others[GROUP];
  const int lane = get_local_id(0);
  const int i = get_global_id(0);
  const exact own = i < size ? numbers_of[i] : 0;
  int rank = 0;
  for (int base = 0; base < size; base += GROUP) {
    others[lane] = base + lane < size ? numbers_of[base + lane] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    const int end = min(GROUP, size - base);
    for (int j = 0; j < end; j++) rank += others[j] > own || (others[j] == own && base + j < i);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (i >= size) return;
  int band = 0;
  while (band < count && rank >= widths[band]) band++;
  bands[i] = band;
}
