// Numbers that change their place.

// out[to + Σ index · out stride] = in[from + Σ index · in stride] over up to four dimensions, of which the
// outermost has the rest of the size. Slice, reverse, transpose and tile read in strides; pad and concat
// write in strides.
kernel void copy_strided(global const float* in, global float* out, int size, int d1, int d2, int d3, int from, int in0, int in1, int in2,
    int in3, int to, int out0, int out1, int out2, int out3) {
  const int i = get_global_id(0);
  if (i >= size) return;
  const int l = i % d3;
  int rest = i / d3;
  const int k = rest % d2;
  rest /= d2;
  const int j = rest % d1;
  const int h = rest / d1;
  out[to + h * out0 + j * out1 + k * out2 + l * out3] = in[from + h * in0 + j * in1 + k * in2 + l * in3];
}

#define TILE 32

// The transpose of a matrix, by tiles, so that both sides are read and written in whole lines.
kernel void transposed(global const float* in, global float* out, int rows, int columns) {
  local float tile[TILE][TILE + 1];
  const int x = get_local_id(0);
  const int column = get_group_id(0) * TILE + x;
  const int first = get_group_id(1) * TILE;
  for (int y = get_local_id(1); y < TILE; y += get_local_size(1)) {
    if (first + y < rows && column < columns) tile[y][x] = in[(first + y) * columns + column];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const int row = first + x;
  for (int y = get_local_id(1); y < TILE; y += get_local_size(1)) {
    const int to = get_group_id(0) * TILE + y;
    if (to < columns && row < rows) out[to * rows + row] = tile[x][y];
  }
}

// One number of a list.
kernel void number_at(global const float* numbers_of, int place, global float* out) {
  if (get_global_id(0) == 0) out[0] = numbers_of[place];
}

// How many words of two arrays differ.
kernel void count_different(global const int* a, global const int* b, int size, global int* count) {
  const int i = get_global_id(0);
  if (i < size && a[i] != b[i]) atomic_inc(count);
}

// out[o, p, i] = in[o, places[p], i] for `length` places of an axis and `inner` numbers behind it; NaN for a
// place that there is not.
kernel void gather(global const float* in, global const int* places, global float* out, int size, int length, int count, int inner) {
  const int at = get_global_id(0);
  if (at >= size) return;
  const int i = at % inner;
  const int rest = at / inner;
  const int place = places[rest % count];
  out[at] = place >= 0 && place < length ? in[((rest / count) * length + place) * inner + i] : NAN;
}

// A row of `depth` numbers for each place: `on` at the place, else `off`.
kernel void one_hot(global const int* places, global float* out, int size, int depth, float on, float off) {
  const int at = get_global_id(0);
  if (at < size) out[at] = places[at / depth] == at % depth ? on : off;
}
