// Several elementwise launches in one: each does for a number i what it would do alone, in their order. A
// program has WORDS integers for each: operation, place of the result, and for both operands the place of the
// array (below 0: a number of the host), how its index follows from i, a divisor, and the number's bits.

#define WORDS 10
#define SELF 0
#define FIRST 1
#define MODULO 2
#define QUOTIENT 3
#define MOST_ARRAYS 16
#define MOST_LINKS 24
// Numbers of a work item, so far apart as there are work items: what a link asks for is found out once for all.
#define EACH 4
#define FOR_EACH(TERM) for (int e = 0; e < EACH; e++) { TERM; } break

// Numbers of an operand. Past the end of the arrays, the last one stands for what is not there.
static void operands(global float* local const* arrays, local const int* w, const int* at, float* out) {
  if (w[0] < 0) {
    const float value = as_float(w[3]);
    for (int e = 0; e < EACH; e++) out[e] = value;
    return;
  }
  global const float* array = arrays[w[0]];
  const int divisor = w[2];
  switch (w[1]) {
    case SELF: FOR_EACH(out[e] = array[at[e]]);
    case FIRST: FOR_EACH(out[e] = array[0]);
    case MODULO: FOR_EACH(out[e] = array[at[e] % divisor]);
    default: FOR_EACH(out[e] = array[at[e] / divisor]);
  }
}

// In the order of OPERATIONS in chain.ts; the functions are those of elementwise.cl.
static void results(int operation, const float* x, const float* y, float* out) {
  switch (operation) {
    case 0: FOR_EACH(out[e] = x[e] + y[e]);
    case 1: FOR_EACH(out[e] = x[e] - y[e]);
    case 2: FOR_EACH(out[e] = x[e] * y[e]);
    case 3: FOR_EACH(out[e] = x[e] / y[e]);
    case 4: FOR_EACH(out[e] = most(x[e], y[e]));
    case 5: FOR_EACH(out[e] = least(x[e], y[e]));
    case 6: FOR_EACH(out[e] = (x[e] - y[e]) * (x[e] - y[e]));
    case 7: FOR_EACH(out[e] = -x[e]);
    case 8: FOR_EACH(out[e] = x[e] * x[e]);
    case 9: FOR_EACH(out[e] = sqrt(x[e]));
    case 10: FOR_EACH(out[e] = fabs(x[e]));
    case 11: FOR_EACH(out[e] = isnan(x[e]) ? x[e] : fmax(0.0f, x[e]));
    case 12: FOR_EACH(out[e] = x[e]);
    case 13: FOR_EACH(out[e] = x[e] > y[e] ? 1.0f : 0.0f);
    case 14: FOR_EACH(out[e] = x[e] >= y[e] ? 1.0f : 0.0f);
    case 15: FOR_EACH(out[e] = x[e] < y[e] ? 1.0f : 0.0f);
    default: FOR_EACH(out[e] = x[e] <= y[e] ? 1.0f : 0.0f);
  }
}

kernel void chain(global float* a0, global float* a1, global float* a2, global float* a3, global float* a4, global float* a5, global float* a6,
    global float* a7, global float* a8, global float* a9, global float* a10, global float* a11, global float* a12, global float* a13,
    global float* a14, global float* a15, global const int* program, int length, int size) {
  // Of the group, since an array of a work item would lie outside of the registers.
  global float* local arrays[MOST_ARRAYS];
  local int words[MOST_LINKS * WORDS];
  const int lane = get_local_id(0);
  if (lane == 0) {
    arrays[0] = a0; arrays[1] = a1; arrays[2] = a2; arrays[3] = a3;
    arrays[4] = a4; arrays[5] = a5; arrays[6] = a6; arrays[7] = a7;
    arrays[8] = a8; arrays[9] = a9; arrays[10] = a10; arrays[11] = a11;
    arrays[12] = a12; arrays[13] = a13; arrays[14] = a14; arrays[15] = a15;
  }
  for (int i = lane; i < length * WORDS; i += GROUP) words[i] = program[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  const int apart = get_global_size(0);
  int at[EACH];
  for (int e = 0; e < EACH; e++) at[e] = min((int)get_global_id(0) + e * apart, size - 1);
  const int own = get_global_id(0) >= size ? 0 : min(EACH, (size - 1 - (int)get_global_id(0)) / apart + 1);
  if (own == 0) return;
  for (int link = 0; link < length; link++) {
    local const int* w = words + link * WORDS;
    float x[EACH], y[EACH], out[EACH];
    operands(arrays, w + 2, at, x);
    operands(arrays, w + 6, at, y);
    results(w[0], x, y, out);
    global float* array = arrays[w[1]];
    #pragma unroll
    for (int e = 0; e < EACH; e++) if (e < own) array[at[e]] = out[e];
  }
}
