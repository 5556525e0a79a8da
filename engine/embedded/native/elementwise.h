// Elementwise arithmetic, as in ../kernels/elementwise.as.
#pragma once

#include "job.h"

/** One number of both operands becomes a vector: rows of which a tensor has one number each. */
#define BINARY(name, expression)                                                                       \
  INLINE vec name##_of(vec a, vec b) { return expression; }                                            \
  KERNEL(name) {                                                                                       \
    const char *a = pointer(job, 0), *b = pointer(job, 1);                                             \
    float *out = pointer(job, 2);                                                                      \
    const int64_t size = whole(job, 3), n = whole(job, 4), a_row = whole(job, 5), b_row = whole(job, 6); \
    const int a_wide = whole(job, 7) != 0, b_wide = whole(job, 8) != 0;                                \
    for (int64_t row = job->from; row < job->to; row++) {                                              \
      const int64_t count = least(n, size - row * n);                                                  \
      const float *left = (const float *)(a + row * a_row), *right = (const float *)(b + row * b_row); \
      float *target = out + row * n;                                                                   \
      const vec x = splat(*left), y = splat(*right);                                                   \
      int64_t i = 0;                                                                                   \
      for (; i + LANES <= count; i += LANES)                                                           \
        store(target + i, name##_of(a_wide ? load(left + i) : x, b_wide ? load(right + i) : y));       \
      if (i == count) continue;                                                                        \
      const int rest = (int)(count - i);                                                               \
      store_part(target + i,                                                                           \
                 name##_of(a_wide ? load_part(left + i, rest) : x, b_wide ? load_part(right + i, rest) : y), \
                 rest);                                                                                \
    }                                                                                                  \
  }

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a *b)
BINARY(div, a / b)
BINARY(maximum, wasm_max(a, b))
BINARY(minimum, wasm_min(a, b))
BINARY(squaredDifference, (a - b) * (a - b))

#define UNARY(name, expression)                                                              \
  INLINE vec name##_of(vec x) { return expression; }                                         \
  KERNEL(name) {                                                                             \
    const float *x = pointer(job, 0);                                                        \
    float *out = pointer(job, 1);                                                            \
    const int64_t n = whole(job, 3), end = least(whole(job, 2), job->to *n);                 \
    int64_t i = job->from * n;                                                               \
    for (; i + LANES <= end; i += LANES) store(out + i, name##_of(load(x + i)));             \
    if (i >= end) return;                                                                    \
    store_part(out + i, name##_of(load_part(x + i, (int)(end - i))), (int)(end - i));        \
  }

UNARY(neg, xor_bits(x, splat(-0.0f)))
UNARY(square, x *x)
UNARY(squareRoot, root(x))
UNARY(abs, without_sign(x))
UNARY(relu, wasm_max(x, splat(0)))

#undef BINARY
#undef UNARY

/** out = (h + bias) · scale; a null pointer leaves out `bias` or `scale`. */
KERNEL(affine) {
  const float *h = pointer(job, 0), *bias = pointer(job, 1), *scale = pointer(job, 2);
  const int64_t n = whole(job, 3);
  float *out = pointer(job, 4);
  for (int64_t row = job->from; row < job->to; row++) {
    const float *source = h + row * n;
    float *target = out + row * n;
    for (int64_t i = 0; i < n; i += LANES) {
      const int rest = (int)least(LANES, n - i);
      const int all = rest == LANES;
      vec x = all ? load(source + i) : load_part(source + i, rest);
      if (bias) x += all ? load(bias + i) : load_part(bias + i, rest);
      if (scale) x *= all ? load(scale + i) : load_part(scale + i, rest);
      if (all) store(target + i, x);
      else store_part(target + i, x, rest);
    }
  }
}

/** Weights that do not stay in a cache until the next step reads them. */
enum { MANY = 1 << 19 };

/** One step of Adam. The last numbers, fewer than four, are not fused, as in WebAssembly. */
KERNEL(adam) {
  const float *weights = pointer(job, 0), *gradient = pointer(job, 1);
  float *first = pointer(job, 2), *second = pointer(job, 3), *out = pointer(job, 4);
  const int64_t n = whole(job, 6), end = least(whole(job, 5), job->to * n);
  const float factor = number(job, 7), beta1 = number(job, 8), beta2 = number(job, 9);
  const float rest1 = number(job, 10), rest2 = number(job, 11), rate = number(job, 12);
  const float correction = number(job, 13), epsilon = number(job, 14);
  const vec inverse = splat(1 / correction);
  int64_t i = job->from * n;
  const int is_streamed = whole(job, 5) >= MANY && (intptr_t)(out + i) % sizeof(vec) == 0;
  const int64_t whole_end = i + ((end - i) & ~3);
  while (i < whole_end) {
    const int part = (int)least(LANES, whole_end - i);
    const int all = part == LANES;
#define LOAD(at) (all ? load((at) + i) : load_part((at) + i, part))
#define STORE(at, x) (all ? store((at) + i, x) : store_part((at) + i, x, part))
    const vec g = LOAD(gradient) * splat(factor);
    const vec m = fused(splat(beta1), LOAD(first), splat(rest1) * g);
    const vec v = fused(splat(beta2), LOAD(second), splat(rest2) * (g * g));
    const vec scale = fused(root(v), inverse, splat(epsilon));
    const vec next = LOAD(weights) - (splat(rate) * m) / scale;
    STORE(first, m);
    STORE(second, v);
    if (is_streamed && all) stream(out + i, next);
    else STORE(out, next);
#undef LOAD
#undef STORE
    i += part;
  }
  for (; i < end; i++) {
    const float g = gradient[i] * factor;
    first[i] = beta1 * first[i] + rest1 * g;
    second[i] = beta2 * second[i] + rest2 * g * g;
    const float root_of = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(second[i])));
    out[i] = weights[i] - (rate * first[i]) / (root_of / correction + epsilon);
  }
  _mm_sfence();
}
