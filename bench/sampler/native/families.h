// Arguments of the features of a family in double precision: the same as familyArguments of kernels.as.
#pragma once

#include "kernel.h"

enum { QUAD = 4, AT_ONCE = 6 };

INLINE void quads_at_once(const double *z, const float *loadings, const float *cutoffs, double *out, int count,
                          int rank) {
  __m256d sums[AT_ONCE];
  for (int i = 0; i < count; i++)
    sums[i] = _mm256_xor_pd(_mm256_cvtps_pd(_mm_loadu_ps(cutoffs + i * QUAD)), _mm256_set1_pd(-0.0));
  for (int k = 0; k < rank; k++) {
    const __m256d factor = _mm256_broadcast_sd(z + k);
    for (int i = 0; i < count; i++) {
      const __m256d loading = _mm256_cvtps_pd(_mm_loadu_ps(loadings + (i * rank + k) * QUAD));
      sums[i] = _mm256_add_pd(sums[i], _mm256_mul_pd(factor, loading));
    }
  }
  for (int i = 0; i < count; i++) _mm256_storeu_pd(out + i * QUAD, sums[i]);
}

/** out[i] = z · loadings_i - cutoffs_i of 4 · `quads` features, loadings as [quad][rank][4]. */
INLINE void family_arguments(const double *z, const float *loadings, const float *cutoffs, double *out, int quads,
                             int rank) {
  for (; quads >= AT_ONCE; quads -= AT_ONCE) {
    quads_at_once(z, loadings, cutoffs, out, AT_ONCE, rank);
    loadings += AT_ONCE * QUAD * rank;
    cutoffs += AT_ONCE * QUAD;
    out += AT_ONCE * QUAD;
  }
  for (; quads > 0; quads--) {
    quads_at_once(z, loadings, cutoffs, out, 1, rank);
    loadings += QUAD * rank;
    cutoffs += QUAD;
    out += QUAD;
  }
}
