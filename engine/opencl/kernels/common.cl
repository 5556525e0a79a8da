// What all groups of kernels share. GROUP is the number of work items of a group, a power of two. Kernels
// over rows have one group for a row; sums are made in an order that depends on sizes alone, so that the same
// numbers give the same bits.

// The sum over the group, in all its work items. The scratch holds GROUP numbers.
static float sum_of_group(float value, local float* scratch) {
  const int i = get_local_id(0);
  scratch[i] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_of = GROUP / 2; half_of > 0; half_of >>= 1) {
    if (i < half_of) scratch[i] += scratch[i + half_of];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const float sum = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}

static int count_of_group(int value, local int* scratch) {
  const int i = get_local_id(0);
  scratch[i] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_of = GROUP / 2; half_of > 0; half_of >>= 1) {
    if (i < half_of) scratch[i] += scratch[i + half_of];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const int sum = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}

// The sum of the values of the work items before this one; `total` is the sum of all.
static int sum_before(int value, local int* scratch, int* total) {
  const int i = get_local_id(0);
  scratch[i] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 1; step < GROUP; step <<= 1) {
    const int left = i >= step ? scratch[i - step] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    scratch[i] += left;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const int through = scratch[i];
  *total = scratch[GROUP - 1];
  barrier(CLK_LOCAL_MEM_FENCE);
  return through - value;
}

// As Math.max and Math.min: NaN where one is NaN.
static float most(float a, float b) { return isnan(a) ? a : isnan(b) ? b : fmax(a, b); }
static float least(float a, float b) { return isnan(a) ? a : isnan(b) ? b : fmin(a, b); }

// The largest value of the group, in all its work items; NaN where one is NaN.
static float largest_of_group(float value, local float* scratch) {
  const int i = get_local_id(0);
  scratch[i] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_of = GROUP / 2; half_of > 0; half_of >>= 1) {
    if (i < half_of) scratch[i] = most(scratch[i], scratch[i + half_of]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const float largest = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return largest;
}

// Kernels over several members of one size, the member by the second dimension: four buffers of each role.
#define FOUR(TYPE, NAME) TYPE NAME##0, TYPE NAME##1, TYPE NAME##2, TYPE NAME##3
#define OF(NAME) (get_group_id(1) == 0 ? NAME##0 : get_group_id(1) == 1 ? NAME##1 : get_group_id(1) == 2 ? NAME##2 : NAME##3)
