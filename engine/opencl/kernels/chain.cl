// Several elementwise launches in one: work item i does what it would do in each of them, in their order. A
// program has WORDS integers for each: operation, place of the result, and for both operands the place of the
// array (below 0: a number of the host), how its index follows from i, a divisor, and the number's bits.

#define WORDS 10
#define SELF 0
#define FIRST 1
#define MODULO 2
#define QUOTIENT 3

static float operand(global float* const* arrays, int place, int by, int divisor, int bits, int i) {
  if (place < 0) return as_float(bits);
  return arrays[place][by == SELF ? i : by == FIRST ? 0 : by == MODULO ? i % divisor : i / divisor];
}

// In the order of OPERATIONS in fuse.ts; the functions are those of elementwise.cl.
static float result_of(int operation, float x, float y) {
  switch (operation) {
    case 0: return x + y;
    case 1: return x - y;
    case 2: return x * y;
    case 3: return x / y;
    case 4: return most(x, y);
    case 5: return least(x, y);
    case 6: return (x - y) * (x - y);
    case 7: return -x;
    case 8: return x * x;
    case 9: return sqrt(x);
    case 10: return fabs(x);
    case 11: return isnan(x) ? x : fmax(0.0f, x);
    case 12: return x;
    case 13: return x > y ? 1.0f : 0.0f;
    case 14: return x >= y ? 1.0f : 0.0f;
    case 15: return x < y ? 1.0f : 0.0f;
    default: return x <= y ? 1.0f : 0.0f;
  }
}

kernel void chain(global float* a0, global float* a1, global float* a2, global float* a3, global float* a4, global float* a5, global float* a6,
    global float* a7, global float* a8, global float* a9, global float* a10, global float* a11, global float* a12, global float* a13,
    global float* a14, global float* a15, global const int* program, int length, int size) {
  global float* const arrays[16] = { a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15 };
  const int i = get_global_id(0);
  if (i >= size) return;
  for (int at = 0; at < length * WORDS; at += WORDS) {
    global const int* w = program + at;
    const float x = operand(arrays, w[2], w[3], w[4], w[5], i);
    const float y = operand(arrays, w[6], w[7], w[8], w[9], i);
    arrays[w[1]][i] = result_of(w[0], x, y);
  }
}
