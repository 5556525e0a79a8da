// What is active, in order: the second and the fourth word of the first entries, which are not needed any
// more, take place and magnitude; `counts`: how many there are. Where d is not 0, x of the row too: the bias
// and the sum of the vectors of what is active. Vectors have `pairs` pairs of numbers.
kernel void make_rows(global const float2* restrict vectors, global const float2* restrict bias, const int pairs,
                      const int d, const int places, const int first, global const int* reach, global int* room,
                      global int* counts, global float* x) {
  local int scratch[GROUP];
  local int place_of[GROUP];
  local float value_of[GROUP];
  const int item = get_local_id(0);
  const int slot = get_group_id(0);
  const size_t base = (size_t)slot * places * 4;
  const int end = reach[2 * slot + 1];
  const int some = (end + GROUP - 1) / GROUP;
  const int own_begin = min(item * some, end), own_end = min(own_begin + some, end);
  int active = 0;
  for (int c = own_begin; c < own_end; c++) active += as_float(VALUE(c)) > 0.0f;
  int count;
  active = sum_before(active, scratch, &count);
  for (int c = own_begin; c < own_end; c++) {
    if (!(as_float(VALUE(c)) > 0.0f)) continue;
    ABOVE(active) = PLACE(c);
    OTHER(active) = VALUE(c);
    active++;
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  if (item == 0) counts[slot] = count;
  // A work item has three pairs of columns, so that several loads are under way.
  for (int from = 0; from < (d > 0 ? pairs : 0); from += 3 * GROUP) {
    float2 sum[3];
    const int at = from + item;
    const int columns = at >= pairs ? 0 : min(3, (pairs - at + GROUP - 1) / GROUP);
#pragma unroll
    for (int c = 0; c < 3; c++) sum[c] = c < columns ? bias[at + c * GROUP] : (float2)(0.0f);
    for (int from_entry = 0; from_entry < count; from_entry += GROUP) {
      const int here = min(GROUP, count - from_entry);
      barrier(CLK_LOCAL_MEM_FENCE);
      if (item < here) {
        place_of[item] = ABOVE(from_entry + item);
        value_of[item] = as_float(OTHER(from_entry + item));
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      if (columns == 3) {
#pragma unroll 4
        for (int e = 0; e < here; e++) {
          global const float2* vector = vectors + (size_t)place_of[e] * pairs + at;
          const float2 value = (float2)(value_of[e]);
          sum[0] = fma(value, vector[0], sum[0]);
          sum[1] = fma(value, vector[GROUP], sum[1]);
          sum[2] = fma(value, vector[2 * GROUP], sum[2]);
        }
      } else if (columns > 0) {
        for (int e = 0; e < here; e++) {
          global const float2* vector = vectors + (size_t)place_of[e] * pairs + at;
          const float2 value = (float2)(value_of[e]);
          sum[0] = fma(value, vector[0], sum[0]);
          if (columns == 2) sum[1] = fma(value, vector[GROUP], sum[1]);
        }
      }
    }
    global float* out = x + (size_t)(first + slot) * d;
#pragma unroll
    for (int c = 0; c < 3; c++) {
      const int column = 2 * (at + c * GROUP);
      if (c >= columns) continue;
      if (d % 2 == 0) ((global float2*)out)[column / 2] = sum[c];
      else {
        out[column] = sum[c].x;
        if (column + 1 < d) out[column + 1] = sum[c].y;
      }
    }
  }
}
