// Exact selection of the largest numbers, by their bits: no sort. A key is 0 for a number that may not be
// kept, and keys order as the numbers do. Of ties at the cut, the first in row order are kept.

#define BATCH 0
#define ROWS_OF_POSITIVE 1
#define ROWS_AMONG 2
#define KEY_OF_INFINITY 0xff800000u

// BATCH: positive numbers, NaN above all. ROWS_OF_POSITIVE: the same, NaN as infinity. ROWS_AMONG: all
// numbers, NaN as infinity.
static uint key_of(float value, int mode) {
  if (isnan(value)) return mode == BATCH ? 0xffffffffu : KEY_OF_INFINITY;
  if (value > 0) return as_uint(value) | 0x80000000u;
  if (mode != ROWS_AMONG) return 0;
  return value == 0 ? 0x80000000u : ~as_uint(value);
}

// The 31 bits of a positive number in three digits of 11, 10 and 10. The counts of a pass follow each other
// in `work`.
#define STATE 16
#define BINS0 2048
#define BINS1 1024
#define STARTS0 STATE
#define STARTS1 (STATE + BINS0)
#define STARTS2 (STATE + BINS0 + BINS1)
#define ALL_BINS (BINS0 + BINS1 + BINS1)
// What the passes tell each other, in the first words of `work`.
#define DIGIT0 0
#define LEFT1 1
#define DIGIT1 2
#define LEFT2 3
#define KEEP_ALL -1

// The digit at which the `wanted` largest end, and how many of that digit are among them; KEEP_ALL where
// there are no more than wanted. `found` is of the group: the digit and what is left. Every group finds it
// anew, which saves a launch.
static void digit_at(global const int* counts, int bins, int wanted, local int* scratch, local int* found) {
  const int lane = get_local_id(0);
  const int each = (bins + GROUP - 1) / GROUP;
  // Lane 0 has the largest digits, so that what comes before a lane is what is larger.
  const int top = bins - 1 - lane * each;
  int own = 0;
  for (int i = 0; i < each; i++) if (top - i >= 0) own += counts[top - i];
  if (lane == 0) { found[0] = KEEP_ALL; found[1] = 0; }
  int total;
  int above = sum_before(own, scratch, &total);
  if (total > wanted && above < wanted && above + own >= wanted) {
    int digit = top;
    while (above + counts[digit] < wanted) above += counts[digit--];
    found[0] = digit;
    found[1] = wanted - above;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
}

// How many numbers are wanted: one of a step's numbers at a place, or below place 0 a number of the launch.
static int wanted_of(global const float* numbers_of, int place, int wanted) { return place < 0 ? wanted : (int)numbers_of[place]; }

// Clears what later kernels add to, with all work items.
static void clear(global int* list, int size) {
  for (int i = get_global_id(0); i < size; i += get_global_size(0)) list[i] = 0;
}

// Numbers that a work item reads at a time.
#define READ 8

// Counts one digit of the numbers whose digits before it are those at the cut.
kernel void count_digits(global const float* values, int size, int wanted_here, global const float* numbers_of, int place, int pass,
    global int* work, global int* columnwise, int columnwise_size) {
  local int bins[BINS0];
  local int scratch[GROUP];
  local int found[2];
  const int lane = get_local_id(0);
  const int width = pass == 0 ? BINS0 : BINS1;
  const int wanted = wanted_of(numbers_of, place, wanted_here);
  if (pass == 0) clear(columnwise, columnwise_size);
  uint prefix = 0;
  if (pass > 0) {
    const int left = pass == 1 ? wanted : work[LEFT1];
    if (pass == 2 && work[DIGIT0] == KEEP_ALL) return;
    digit_at(work + (pass == 1 ? STARTS0 : STARTS1), pass == 1 ? BINS0 : BINS1, left, scratch, found);
    // The last pass has as many to choose from as it wants where all of the digit are kept.
    const int digit = found[0];
    if (get_group_id(0) == 0 && lane == 0) {
      work[pass == 1 ? DIGIT0 : DIGIT1] = digit;
      work[pass == 1 ? LEFT1 : LEFT2] = digit == KEEP_ALL ? left : found[1];
    }
    if (digit == KEEP_ALL) return;
    prefix = pass == 1 ? (uint)digit : ((uint)work[DIGIT0] << 10) | (uint)digit;
  }
  for (int i = lane; i < width; i += GROUP) bins[i] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  const int apart = get_global_size(0);
  for (int base = get_global_id(0); base < size; base += apart * READ) {
    // Read together, so that they wait for memory together. What is not positive has no key.
    float some[READ];
    for (int e = 0; e < READ; e++) some[e] = base + e * apart < size ? values[base + e * apart] : 0.0f;
    for (int e = 0; e < READ; e++) {
      const uint key = key_of(some[e], BATCH);
      if (key == 0) continue;
      const uint bits = key & 0x7fffffffu;
      if (pass == 0) atomic_inc(&bins[bits >> 20]);
      else if (pass == 1) { if (bits >> 20 == prefix) atomic_inc(&bins[(bits >> 10) & 1023]); }
      else if (bits >> 10 == prefix) atomic_inc(&bins[bits & 1023]);
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  global int* sums = work + (pass == 0 ? STARTS0 : pass == 1 ? STARTS1 : STARTS2);
  for (int i = lane; i < width; i += GROUP) if (bins[i] != 0) atomic_add(&sums[i], bins[i]);
}

// The cut of a batch, and of each row how many numbers are above it and how many equal it.
kernel void cut_of_batch(global const float* values, int columns, global const int* work, global uint* cuts, global int* above,
    global int* equal) {
  local int scratch[GROUP];
  local int found[2];
  const int lane = get_local_id(0);
  const int row = get_group_id(0);
  // Numbers above the cut are kept, and so many that equal it.
  uint cut = 0x80000000u;
  int ties = 0;
  if (work[DIGIT0] != KEEP_ALL) {
    uint bits = ((uint)work[DIGIT0] << 20) | 0x80000000u;
    ties = work[LEFT1];
    bool all = work[DIGIT1] == KEEP_ALL;
    if (!all) {
      bits |= (uint)work[DIGIT1] << 10;
      digit_at(work + STARTS2, BINS1, work[LEFT2], scratch, found);
      all = found[0] == KEEP_ALL;
      if (!all) {
        bits |= (uint)found[0];
        ties = found[1];
      }
    }
    // Where all that have the digits so far are kept, the cut lies just below them.
    if (all) ties = 0;
    cut = all ? bits - 1 : bits;
  }
  int more = 0;
  int same = 0;
  for (int i = lane; i < columns; i += GROUP) {
    const uint key = key_of(values[row * columns + i], BATCH);
    more += key > cut;
    same += key == cut;
  }
  more = count_of_group(more, scratch);
  same = count_of_group(same, scratch);
  if (lane != 0) return;
  above[row] = more;
  equal[row] = ties == 0 ? 0 : same;
  cuts[row] = cut;
  // Behind the cuts of the rows.
  if (row == 0) cuts[get_num_groups(0)] = (uint)ties;
}

// The cut of each row: the `wanted` largest by digits of 8 bits. `equal` is how many that equal the cut are
// kept.
kernel void cut_of_rows(global const float* values, global const int* among, int columns, int wanted_here, global const float* numbers_of,
    int place, int mode, global uint* cuts, global int* above, global int* equal, global int* columnwise, int columnwise_size) {
  local int bins[256];
  local int scratch[GROUP];
  local int found[2];
  const int lane = get_local_id(0);
  const int row = get_group_id(0);
  clear(columnwise, columnwise_size);
  uint prefix = 0;
  int left = wanted_of(numbers_of, place, wanted_here);
  int larger = 0;
  bool all = false;
  for (int shift = 24; shift >= 0 && !all; shift -= 8) {
    for (int i = lane; i < 256; i += GROUP) bins[i] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    int candidates = 0;
    for (int i = lane; i < columns; i += GROUP) {
      if (mode == ROWS_AMONG && among[i] == 0) continue;
      const uint key = key_of(values[row * columns + i], mode);
      if (key == 0 || (shift < 24 && key >> (shift + 8) != prefix)) continue;
      candidates++;
      atomic_inc(&bins[(key >> shift) & 255]);
    }
    candidates = count_of_group(candidates, scratch);
    all = candidates <= left;
    if (all) {
      // All that have the digits so far are kept: the cut lies just below them.
      larger += candidates;
      left = 0;
      prefix = shift == 24 ? 0 : prefix << (shift + 8);
      prefix = prefix == 0 ? 0 : prefix - 1;
      break;
    }
    if (lane == 0) {
      int digit = 255;
      int more = 0;
      while (more + bins[digit] < left) more += bins[digit--];
      found[0] = digit;
      found[1] = more;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    prefix = (prefix << 8) | (uint)found[0];
    larger += found[1];
    left -= found[1];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (lane != 0) return;
  cuts[row] = prefix;
  above[row] = larger;
  equal[row] = left;
}

// Columns of a work item in a row.
#define RUN 16
// Numbers above the cut are counted in the low half of an integer, those that equal it in the high half.
#define TIE 0x10000
#define ABOVE_OF(count) ((count) & (TIE - 1))
#define TIES_OF(count) ((count) / TIE)

// Writes what is kept: columns, numbers and rows, in row order, and for each column a bit for each row and
// how many it has. Where a row begins follows from the rows before it: all that are above the cut, and of
// those that equal it all, or of a batch the first ones. Leaves `work` cleared for the next selection.
kernel void collect(global const float* values, global const int* among, int columns, int mode, global const uint* cuts, global const int* above,
    global const int* equal, global int* work, global uint* starts, global uint* indices, global float* kept, global uint* rowOf,
    global int* columnwise, int words) {
  local int scratch[GROUP];
  const int row = get_group_id(0);
  const int rows = get_num_groups(0);
  const uint cut = cuts[row];
  const int shared = mode == BATCH ? (int)cuts[rows] : INT_MAX;
  int larger = 0;
  int before = 0;
  for (int i = get_local_id(0); i < row; i += GROUP) {
    larger += above[i];
    before += equal[i];
  }
  larger = count_of_group(larger, scratch);
  before = count_of_group(before, scratch);
  int begin = larger + min(shared, before);
  const int ties = clamp(shared - before, 0, equal[row]);
  const int end = begin + above[row] + ties;
  if (get_local_id(0) == 0) {
    starts[row] = (uint)begin;
    if (row == rows - 1) starts[rows] = (uint)end;
  }
  if (mode == BATCH) clear(work, STATE + ALL_BINS);
  int tied = 0;
  for (int base = 0; base < columns && begin < end; base += GROUP * RUN) {
    const int first = base + get_local_id(0) * RUN;
    // A bit for each of them that is above the cut, or equals it.
    uint larger_ones = 0;
    uint equal_ones = 0;
    for (int i = 0; i < RUN; i++) {
      const int column = first + i;
      const bool candidate = column < columns && (mode != ROWS_AMONG || among[column] != 0);
      const uint key = candidate ? key_of(values[row * columns + column], mode) : 0;
      larger_ones |= (uint)(key > cut) << i;
      equal_ones |= (uint)(key == cut && key != 0) << i;
    }
    int total;
    const int before_own = sum_before((int)(popcount(larger_ones) + popcount(equal_ones) * TIE), scratch, &total);
    int tie = tied + TIES_OF(before_own);
    int at = begin + ABOVE_OF(before_own) + min(ties, tie) - min(ties, tied);
    for (uint left = larger_ones | equal_ones; left != 0; left &= left - 1) {
      const int i = 31 - (int)clz(left & (0u - left));
      if (((equal_ones >> i) & 1u) && tie++ >= ties) continue;
      const int column = first + i;
      indices[at] = (uint)column;
      kept[at] = values[row * columns + column];
      rowOf[at++] = (uint)row;
      atomic_or(&columnwise[column * words + row / 32], (int)(1u << (row % 32)));
      atomic_inc(&columnwise[columns * words + column]);
    }
    begin += ABOVE_OF(total) + min(ties, tied + TIES_OF(total)) - min(ties, tied);
    tied += TIES_OF(total);
  }
}

// The non-zeros of each row, for a matrix that no selection made; NaN is none of the zeros.
kernel void count_nonzeros(global const float* values, int columns, global int* counts) {
  local int scratch[GROUP];
  const int row = get_group_id(0);
  int found = 0;
  for (int i = get_local_id(0); i < columns; i += GROUP) found += values[row * columns + i] != 0;
  found = count_of_group(found, scratch);
  if (get_local_id(0) == 0) counts[row] = found;
}

kernel void collect_nonzeros(global const float* values, int columns, global const uint* starts, global uint* indices, global float* kept,
    global uint* rowOf) {
  local int scratch[GROUP];
  const int row = get_group_id(0);
  int begin = (int)starts[row];
  for (int base = 0; base < columns; base += GROUP) {
    const int column = base + get_local_id(0);
    const float value = column < columns ? values[row * columns + column] : 0.0f;
    int total;
    const int at = begin + sum_before(value != 0, scratch, &total);
    begin += total;
    if (value == 0) continue;
    indices[at] = (uint)column;
    kept[at] = value;
    rowOf[at] = (uint)row;
  }
}
