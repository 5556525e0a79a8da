// Products with rows of few non-zeros (CSR): those of row i stand at starts[i] .. starts[i + 1]. By columns
// (CSC): those of column j are order[begins[j] .. begins[j + 1]], ascending, in the rows of rowOf. Latent j
// belongs to band bandOf[j], and each band has a dense matrix of its own; a launch has up to four bands, from
// `first` on. Without bands there is one.

#define LANES 64
#define TEAMS (GROUP / LANES)
// Shares of the non-zeros of a column, whatever GROUP is.
#define SHARES (SUM_LANES / LANES)

#if VECTOR == 4
typedef float4 numbers;
#define LOAD(from, at) ((global const float4*)(from))[at]
#define STORE(value, into, at) ((global float4*)(into))[at] = value
#else
typedef float numbers;
#define LOAD(from, at) from[at]
#define STORE(value, into, at) into[at] = value
#endif

// parts[band][i, :] = Σ_j a[i, j] · W[j, :]: a team of LANES work items for a row and LANES vectors of it.
// `width` is in vectors.
kernel void rows_times_dense(global const uint* starts, global const uint* indices, global const float* values, global const float* W, int rows,
    int width, global const int* bandOf, int first, int bands, global float* part0, global float* part1, global float* part2,
    global float* part3) {
  const int at = get_global_id(0);
  const int row = get_global_id(1);
  if (at >= width || row >= rows) return;
  numbers sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
  const int end = (int)starts[row + 1];
  for (int s = (int)starts[row]; s < end; s++) {
    const int latent = (int)indices[s];
    const numbers value = (numbers)(values[s]);
    const numbers weights = LOAD(W, latent * width + at);
    const int band = bands > 1 || first > 0 ? bandOf[latent] - first : 0;
    if (band == 0) sum0 = fma(value, weights, sum0);
    else if (band == 1) sum1 = fma(value, weights, sum1);
    else if (band == 2) sum2 = fma(value, weights, sum2);
    else if (band == 3) sum3 = fma(value, weights, sum3);
  }
  const int to = row * width + at;
  STORE(sum0, part0, to);
  if (bands > 1) STORE(sum1, part1, to);
  if (bands > 2) STORE(sum2, part2, to);
  if (bands > 3) STORE(sum3, part3, to);
}

// out[j, :] = Σ_i a[i, j] · parts[band of j][i, :]: a group for a column and LANES vectors, whose teams have
// shares of the non-zeros.
kernel void columns_times_dense(global const uint* begins, global const uint* order, global const uint* rowOf, global const float* values,
    int columns, int width, global const int* bandOf, int first, int bands, global const float* part0, global const float* part1,
    global const float* part2, global const float* part3, global float* out) {
  local numbers sums[SHARES][LANES];
  const int lane = get_local_id(0);
  const int team = get_local_id(1);
  const int at = get_global_id(0);
  const int latent = get_group_id(1);
  const int band = bands > 1 || first > 0 ? bandOf[latent] - first : 0;
  const bool mine = band >= 0 && band < bands;
  global const float* part = band == 0 ? part0 : band == 1 ? part1 : band == 2 ? part2 : part3;
  const int end = (int)begins[latent + 1];
  for (int share = team; share < SHARES; share += TEAMS) {
    numbers own = 0;
    if (mine && at < width) {
      #pragma unroll 4
      for (int s = (int)begins[latent] + share; s < end; s += SHARES) {
        own = fma((numbers)(values[order[s]]), LOAD(part, (int)rowOf[s] * width + at), own);
      }
    }
    sums[share][lane] = own;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (team != 0 || !mine || at >= width) return;
  numbers sum = sums[0][lane];
  for (int i = 1; i < SHARES; i++) sum += sums[i][lane];
  STORE(sum, out, latent * width + at);
}

#define TEAM 32

// dots[s] = parts[band of j][i, :] · W[j, :] at every non-zero (i, j): a team of TEAM work items for each.
kernel void dots_at(global const uint* starts, global const uint* indices, global const float* W, int width, global const int* bandOf,
    int first, int bands, global const float* part0, global const float* part1, global const float* part2, global const float* part3,
    global float* dots) {
  local float sums[GROUP];
  const int lane = get_local_id(0) % TEAM;
  const int team = get_local_id(0) / TEAM;
  const int row = get_group_id(0);
  const int end = (int)starts[row + 1];
  for (int base = (int)starts[row]; base < end; base += GROUP / TEAM) {
    const int s = base + team;
    const int latent = s < end ? (int)indices[s] : 0;
    const int band = bands > 1 || first > 0 ? bandOf[latent] - first : 0;
    const bool mine = s < end && band >= 0 && band < bands;
    float sum = 0;
    if (mine) {
      global const float* part = band == 0 ? part0 : band == 1 ? part1 : band == 2 ? part2 : part3;
      for (int i = lane; i < width; i += TEAM) {
        const numbers product = LOAD(part, row * width + i) * LOAD(W, latent * width + i);
#if VECTOR == 4
        sum += (product.x + product.y) + (product.z + product.w);
#else
        sum += product;
#endif
      }
    }
    sums[get_local_id(0)] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_of = TEAM / 2; half_of > 0; half_of >>= 1) {
      if (lane < half_of) sums[get_local_id(0)] += sums[get_local_id(0) + half_of];
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (mine && lane == 0) dots[s] = sums[get_local_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}

// By columns: how many each has, and a place among them for each non-zero, in no order yet.
kernel void count_columns(global const uint* starts, int rows, int most_of, global const uint* indices, global int* counts, global int* slots) {
  const int s = get_global_id(0);
  if (s < min((int)starts[rows], most_of)) slots[s] = atomic_inc(&counts[indices[s]]);
}

// Where each list begins, of lists of so many numbers one after the other. One group for a member.
kernel void begins_of(global const int* counts0, global const int* counts1, global const int* counts2, global const int* counts3,
    global uint* begins0, global uint* begins1, global uint* begins2, global uint* begins3, int from, int columns) {
  local int scratch[GROUP];
  global const int* counts = OF(counts);
  global uint* begins = OF(begins);
  const int lane = get_local_id(0);
  // Each work item has lists in a row.
  const int each = (columns + GROUP - 1) / GROUP;
  const int first = min(columns, lane * each);
  const int end = min(columns, first + each);
  int own = 0;
  for (int i = first; i < end; i++) own += counts[from + i];
  int total;
  int begin = sum_before(own, scratch, &total);
  for (int i = first; i < end; i++) {
    begins[i] = (uint)begin;
    begin += counts[from + i];
  }
  if (lane == 0) begins[columns] = (uint)total;
}

// The same lists where a bit for each row of a column is known: the place of a non-zero is how many bits of
// its column stand before its own.
kernel void place_by_bits(global const uint* starts0, global const uint* starts1, global const uint* starts2, global const uint* starts3,
    global const uint* indices0, global const uint* indices1, global const uint* indices2, global const uint* indices3,
    global const uint* rowOf0, global const uint* rowOf1, global const uint* rowOf2, global const uint* rowOf3, global const uint* bits0,
    global const uint* bits1, global const uint* bits2, global const uint* bits3, global const uint* begins0, global const uint* begins1,
    global const uint* begins2, global const uint* begins3, global uint* order0, global uint* order1, global uint* order2,
    global uint* order3, global uint* rowByColumn0, global uint* rowByColumn1, global uint* rowByColumn2, global uint* rowByColumn3,
    int rows, int most_of, int words) {
  const int s = get_global_id(0);
  if (s >= min((int)OF(starts)[rows], most_of)) return;
  global const uint* bits = OF(bits);
  const int column = (int)OF(indices)[s];
  const int row = (int)OF(rowOf)[s];
  int before = 0;
  for (int i = 0; i < row / 32; i++) before += popcount(bits[column * words + i]);
  before += popcount(bits[column * words + row / 32] & ((1u << (row % 32)) - 1u));
  const int at = (int)OF(begins)[column] + before;
  OF(order)[at] = (uint)s;
  OF(rowByColumn)[at] = (uint)row;
}

kernel void place_in_columns(global const uint* starts, int rows, int most_of, global const uint* indices, global const uint* begins,
    global const int* slots, global uint* unordered) {
  const int s = get_global_id(0);
  if (s < min((int)starts[rows], most_of)) unordered[begins[indices[s]] + slots[s]] = (uint)s;
}

// Puts the non-zeros of each column in the order of the rows: the place of one is how many of its column
// stand before it.
kernel void order_in_columns(global const uint* starts, int rows, int most_of, global const uint* indices, global const uint* begins,
    global const uint* unordered, global const uint* rowOf, global uint* order, global uint* rowByColumn) {
  const int s = get_global_id(0);
  if (s >= min((int)starts[rows], most_of)) return;
  const uint column = indices[s];
  const int begin = (int)begins[column];
  const int end = (int)begins[column + 1];
  int before = 0;
  for (int i = begin; i < end; i++) before += unordered[i] < (uint)s;
  order[begin + before] = (uint)s;
  rowByColumn[begin + before] = rowOf[s];
}

// Writes values at the non-zeros into a dense matrix of zeros.
kernel void scatter(global const uint* starts, int rows, int most_of, global const uint* indices, global const uint* rowOf,
    global const float* values, int columns, global float* out) {
  const int s = get_global_id(0);
  if (s < min((int)starts[rows], most_of)) out[(int)rowOf[s] * columns + (int)indices[s]] = values[s];
}

// The values of a dense matrix at the non-zeros.
kernel void gather_at(global const uint* starts, int rows, int most_of, global const uint* indices, global const uint* rowOf,
    global const float* dense, int columns, global float* out) {
  const int s = get_global_id(0);
  if (s < min((int)starts[rows], most_of)) out[s] = dense[(int)rowOf[s] * columns + (int)indices[s]];
}

// What an encoder's gradient needs of the gradient of its pre-activations h, by column: the values times the
// column's scale, their sum, and Σ value · h / scale. A team for a column.
kernel void column_gradients(global const uint* begins, global const uint* order, global const uint* rowOf, global const float* values,
    global const float* h,
    global const float* scale, int columns, int scaled, global float* scaledValues, global float* sums, global float* weighted) {
  local float own[GROUP];
  local float others[GROUP];
  const int item = get_local_id(0);
  const int lane = item % TEAM;
  const int column = get_group_id(0) * (GROUP / TEAM) + item / TEAM;
  const float factor = scaled && column < columns ? scale[column] : 1.0f;
  float sum = 0;
  float other = 0;
  if (column < columns) {
    const int end = (int)begins[column + 1];
    for (int s = (int)begins[column] + lane; s < end; s += TEAM) {
      const int place = (int)order[s];
      const float value = values[place];
      scaledValues[place] = value * factor;
      sum += value * factor;
      if (scaled) other += value * h[(int)rowOf[s] * columns + column];
    }
  }
  own[item] = sum;
  others[item] = other;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_of = TEAM / 2; half_of > 0; half_of >>= 1) {
    if (lane < half_of) {
      own[item] += own[item + half_of];
      others[item] += others[item + half_of];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (lane != 0 || column >= columns) return;
  sums[column] = own[item];
  if (scaled) weighted[column] = others[item] / factor;
}

// The sum of two matrices of non-zeros, a work item for a row: how many it has, then its columns and values.
kernel void count_merged(global const uint* startsA, global const uint* indicesA, global const uint* startsB, global const uint* indicesB,
    int rows, global int* counts) {
  const int row = get_global_id(0);
  if (row >= rows) return;
  uint i = startsA[row];
  uint j = startsB[row];
  const uint endA = startsA[row + 1];
  const uint endB = startsB[row + 1];
  int found = 0;
  while (i < endA || j < endB) {
    const uint a = i < endA ? indicesA[i] : UINT_MAX;
    const uint b = j < endB ? indicesB[j] : UINT_MAX;
    i += a <= b;
    j += b <= a;
    found++;
  }
  counts[row] = found;
}

kernel void merge(global const uint* startsA, global const uint* indicesA, global const float* valuesA, global const uint* startsB,
    global const uint* indicesB, global const float* valuesB, int rows, global const uint* starts, global uint* indices, global float* values,
    global uint* rowOf) {
  const int row = get_global_id(0);
  if (row >= rows) return;
  uint i = startsA[row];
  uint j = startsB[row];
  const uint endA = startsA[row + 1];
  const uint endB = startsB[row + 1];
  for (uint at = starts[row]; i < endA || j < endB; at++) {
    const uint a = i < endA ? indicesA[i] : UINT_MAX;
    const uint b = j < endB ? indicesB[j] : UINT_MAX;
    indices[at] = min(a, b);
    values[at] = (a <= b ? valuesA[i] : 0.0f) + (b <= a ? valuesB[j] : 0.0f);
    rowOf[at] = (uint)row;
    i += a <= b;
    j += b <= a;
  }
}
