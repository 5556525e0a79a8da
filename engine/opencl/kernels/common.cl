// What all groups of kernels share. GROUP is the number of work items of a group, a power of two up to
// SUM_LANES. Kernels over rows have one group for a row; sums are made in an order that depends on sizes
// alone, so that the same numbers give the same bits in groups of every size.

// A product and a sum are rounded each, or once where fma says so: a compiler may not choose.
#pragma OPENCL FP_CONTRACT OFF

// Partial sums that a sum of a group is made of. A work item has SUM_PARTS of them.
#define SUM_LANES 256
#define SUM_PARTS (SUM_LANES / GROUP)

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

// SUM = Σ TERM over FROM <= i < END, in all work items of the group. The halves of the lanes are added as
// those of a group of SUM_LANES would be.
#define SUM_OVER(SUM, FROM, END, TERM) { \
  float parts[SUM_PARTS]; \
  for (int p = 0; p < SUM_PARTS; p++) { \
    float part = 0; \
    for (int i = (FROM) + p * GROUP + (int)get_local_id(0); i < (END); i += SUM_LANES) part += TERM; \
    parts[p] = part; \
  } \
  for (int half_of = SUM_PARTS / 2; half_of > 0; half_of >>= 1) for (int p = 0; p < half_of; p++) parts[p] += parts[p + half_of]; \
  SUM = sum_of_group(parts[0], scratch); \
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
