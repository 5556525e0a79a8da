// Functions of one and of two numbers. A boolean is 0 or 1 as a float.

// A step of 0 reads one number again and again; below 0 the operand is a number of the host.
#define FLAT(NAME, EXPRESSION) \
kernel void NAME(global const float* a, global const float* b, global float* out, int size, int stepA, int stepB, float valueA, float valueB) { \
  const int i = get_global_id(0); \
  if (i >= size) return; \
  const float x = stepA < 0 ? valueA : a[i * stepA]; \
  const float y = stepB < 0 ? valueB : b[i * stepB]; \
  out[i] = EXPRESSION; \
}

// Three dimensions, of which the outermost has the rest of the size; strides of 0 where an operand is
// broadcast.
#define SPREAD(NAME, EXPRESSION) \
kernel void NAME(global const float* a, global const float* b, global float* out, int size, int d1, int d2, \
    int a0, int a1, int a2, int b0, int b1, int b2) { \
  const int i = get_global_id(0); \
  if (i >= size) return; \
  const int k = i % d2; \
  const int rest = i / d2; \
  const int j = rest % d1; \
  const int h = rest / d1; \
  const float x = a[h * a0 + j * a1 + k * a2]; \
  const float y = b[h * b0 + j * b1 + k * b2]; \
  out[i] = EXPRESSION; \
}

#define BOOL(CONDITION) ((CONDITION) ? 1.0f : 0.0f)

FLAT(add, x + y)
FLAT(subtract, x - y)
FLAT(multiply, x * y)
FLAT(divide, x / y)
FLAT(maximum, most(x, y))
FLAT(minimum, least(x, y))
FLAT(squared_difference, (x - y) * (x - y))
FLAT(power, pow(x, y))
FLAT(greater, BOOL(x > y))
FLAT(greater_equal, BOOL(x >= y))
FLAT(less, BOOL(x < y))
FLAT(less_equal, BOOL(x <= y))
FLAT(equal, BOOL(x == y))
FLAT(not_equal, BOOL(x != y))
FLAT(logical_and, BOOL(x != 0 && y != 0))
FLAT(logical_or, BOOL(x != 0 || y != 0))

SPREAD(spread_add, x + y)
SPREAD(spread_subtract, x - y)
SPREAD(spread_multiply, x * y)
SPREAD(spread_divide, x / y)
SPREAD(spread_maximum, most(x, y))
SPREAD(spread_minimum, least(x, y))
SPREAD(spread_squared_difference, (x - y) * (x - y))
SPREAD(spread_power, pow(x, y))
SPREAD(spread_greater, BOOL(x > y))
SPREAD(spread_greater_equal, BOOL(x >= y))
SPREAD(spread_less, BOOL(x < y))
SPREAD(spread_less_equal, BOOL(x <= y))
SPREAD(spread_equal, BOOL(x == y))
SPREAD(spread_not_equal, BOOL(x != y))
SPREAD(spread_logical_and, BOOL(x != 0 && y != 0))
SPREAD(spread_logical_or, BOOL(x != 0 || y != 0))

#define UNARY(NAME, EXPRESSION) \
kernel void NAME(global const float* a, global float* out, int size, float p, float q) { \
  const int i = get_global_id(0); \
  if (i >= size) return; \
  const float x = a[i]; \
  out[i] = EXPRESSION; \
}

UNARY(negative, -x)
UNARY(square, x * x)
UNARY(square_root, sqrt(x))
UNARY(inverse_root, 1.0f / sqrt(x))
UNARY(absolute, fabs(x))
UNARY(rectified, isnan(x) ? x : fmax(0.0f, x))
UNARY(leaky, x < 0 ? p * x : x)
UNARY(exponential, exp(x))
UNARY(exponential_minus_one, expm1(x))
UNARY(logarithm, log(x))
UNARY(logarithm_of_one_plus, log1p(x))
UNARY(sine, sin(x))
UNARY(cosine, cos(x))
UNARY(hyperbolic_tangent, tanh(x))
UNARY(sigmoid, 1.0f / (1.0f + exp(-x)))
UNARY(softplus, x > 16 ? x : x < -16 ? exp(x) : log1p(exp(x)))
UNARY(elu, x >= 0 ? x : expm1(x))
UNARY(error_function, erf(x))
UNARY(reciprocal, 1.0f / x)
UNARY(sign_of, x < 0 ? -1.0f : x > 0 ? 1.0f : 0.0f)
UNARY(step_of, isnan(x) ? x : x > 0 ? 1.0f : p)
UNARY(clipped, x > q ? q : x < p ? p : x)
UNARY(rounded_down, floor(x))
UNARY(rounded_up, ceil(x))
UNARY(rounded, rint(x))
UNARY(logical_not, BOOL(x == 0))
UNARY(truth, BOOL(x != 0))
UNARY(identity_of, x)

// The sum of the first `count` of four; out may be one of them.
kernel void sum_of(global const float* a, global const float* b, global const float* c, global const float* d, global float* out, int size,
    int count) {
  const int i = get_global_id(0);
  if (i >= size) return;
  float sum = a[i];
  if (count > 1) sum += b[i];
  if (count > 2) sum += c[i];
  if (count > 3) sum += d[i];
  out[i] = sum;
}

kernel void to_int(global const float* a, global int* out, int size) {
  const int i = get_global_id(0);
  if (i < size) out[i] = (int)a[i];
}

kernel void from_int(global const int* a, global float* out, int size) {
  const int i = get_global_id(0);
  if (i < size) out[i] = (float)a[i];
}

kernel void fill(global float* out, int size, float value) {
  const int i = get_global_id(0);
  if (i < size) out[i] = value;
}

kernel void fill_int(global int* out, int size, int value) {
  const int i = get_global_id(0);
  if (i < size) out[i] = value;
}

// Where the condition holds, a, else b: `each` numbers for one of the condition.
kernel void choose(global const float* condition, global const float* a, global const float* b, global float* out, int size, int each) {
  const int i = get_global_id(0);
  if (i < size) out[i] = condition[i / each] != 0 ? a[i] : b[i];
}
