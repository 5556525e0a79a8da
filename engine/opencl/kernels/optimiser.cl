// The end of a training step: the norm of all gradients, what is watched, and Adam over all parameters at
// once. A launch takes up to PARAMETERS arrays.

#define PARAMETERS 6
#define SIX_OF(NAME) { NAME##0, NAME##1, NAME##2, NAME##3, NAME##4, NAME##5 }
// One of them by a number that differs between work items: an array of the private memory would lie outside
// of the registers.
#define ONE_OF(NAME, i) ((i) == 0 ? NAME##0 : (i) == 1 ? NAME##1 : (i) == 2 ? NAME##2 : (i) == 3 ? NAME##3 : (i) == 4 ? NAME##4 : NAME##5)
// Weights of a work item of Adam, so far apart as there are work items.
#define EACH 4

// Places in `watched`, as in watch.ts.
#define TOTAL 16
#define NORM 17
#define NON_ZEROS 18
#define BAD_STEP 19
#define KEPT 32
// Places in `numbers`, as in watch.ts.
#define RATE 0
#define CORRECTION 1
#define STEP 2
#define MOST_LOSS 3

// Σ x² of blocks of `each` numbers, the blocks of all arrays one after the other from `to` on.
kernel void squares_of_gradients(global const float* g0, global const float* g1, global const float* g2, global const float* g3,
    global const float* g4, global const float* g5, int n0, int n1, int n2, int n3, int n4, int n5, int each, global float* squares, int to) {
  local float scratch[GROUP];
  int block = get_group_id(0);
  int of = 0;
  for (int blocks; of < PARAMETERS - 1; of++, block -= blocks) {
    blocks = (ONE_OF(n, of) + each - 1) / each;
    if (block < blocks) break;
  }
  global const float* gradient = ONE_OF(g, of);
  const int end = min(ONE_OF(n, of), (block + 1) * each);
  float sum;
  SUM_OVER(sum, block * each, end, gradient[i] * gradient[i])
  if (get_local_id(0) == 0) squares[to + get_group_id(0)] = sum;
}

// Terms of the loss among what is watched, from place `at` on, with the total and how many numbers of a list
// are not 0.
kernel void watch_terms(global const float* t0, global const float* t1, global const float* t2, global const float* t3, global const float* t4,
    global const float* t5, int count, int at, global const float* total, global const uint* starts, int rows, global float* watched) {
  global const float* terms[PARAMETERS] = SIX_OF(t);
  const int i = get_local_id(0);
  if (i < count) watched[at + i] = terms[i][0];
  if (i != 0) return;
  watched[TOTAL] = total[0];
  watched[NON_ZEROS] = (float)starts[rows];
}

// The norm of all gradients. Where it or a term is not finite, or the loss is too large, this is the last
// step that counts: its number and what was watched are kept. One group.
kernel void norm_of_squares(global const float* squares, int count, int terms, global const float* numbers_of, global float* watched) {
  local float scratch[GROUP];
  float sum;
  SUM_OVER(sum, 0, count, squares[i])
  if (get_local_id(0) != 0) return;
  watched[NORM] = sqrt(sum);
  if (watched[BAD_STEP] >= 0) return;
  bool good = isfinite(watched[NORM]) && watched[TOTAL] <= numbers_of[MOST_LOSS];
  for (int i = 0; i < terms; i++) good = good && isfinite(watched[i]);
  if (good) return;
  watched[BAD_STEP] = numbers_of[STEP];
  for (int i = 0; i < BAD_STEP; i++) watched[KEPT + i] = watched[i];
}

// A step of Adam after the clipping of the norm of all gradients (most_norm; below 0: none), over the numbers
// of all arrays one after the other. The first moments of all stand before the second ones. Changes nothing
// from the first bad step on.
kernel void adam(global float* w0, global float* w1, global float* w2, global float* w3, global float* w4, global float* w5,
    global const float* g0, global const float* g1, global const float* g2, global const float* g3, global const float* g4,
    global const float* g5, int n0, int n1, int n2, int n3, int n4, int n5, global float* moments, int from, int all,
    global const float* numbers_of, global const float* watched, float most_norm, float beta1, float beta2, float rest1, float rest2,
    float epsilon) {
  if (watched[BAD_STEP] >= 0) return;
  const float factor = most_norm < 0 ? 1.0f : fmin(1.0f, most_norm / (watched[NORM] + 1e-6f));
  const float rate = numbers_of[RATE];
  const float correction = numbers_of[CORRECTION];
  const int apart = get_global_size(0);
  // All are read before the first is written, so that the reads wait for memory together.
  global float* weights[EACH];
  float w[EACH], g[EACH], m[EACH], v[EACH];
  int count = 0;
  #pragma unroll
  for (int e = 0; e < EACH; e++) {
    int i = get_global_id(0) + e * apart;
    const int at = from + i;
    int of = 0;
    #pragma unroll
    for (int k = 0; k < PARAMETERS; k++) {
      const int size = ONE_OF(n, k);
      const bool behind = of == k && i >= size;
      i -= behind ? size : 0;
      of += behind;
    }
    if (of == PARAMETERS) continue;
    count = e + 1;
    weights[e] = ONE_OF(w, of) + i;
    w[e] = *weights[e];
    g[e] = ONE_OF(g, of)[i];
    m[e] = moments[at];
    v[e] = moments[all + at];
  }
  #pragma unroll
  for (int e = 0; e < EACH; e++) {
    if (e >= count) continue;
    const int at = from + (int)get_global_id(0) + e * apart;
    const float own = g[e] * factor;
    const float first = beta1 * m[e] + rest1 * own;
    const float second = beta2 * v[e] + rest2 * own * own;
    moments[at] = first;
    moments[all + at] = second;
    *weights[e] = w[e] - rate * first / (sqrt(second) / correction + epsilon);
  }
}
