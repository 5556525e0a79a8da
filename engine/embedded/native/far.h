// Stores past the caches, for a large result. Stored in the usual way, each of its lines would be read before,
// and would push out what other kernels read again; it leaves the caches itself before it is read.
#pragma once

#include "job.h"

/** Numbers from which on a result is stored so, and the bytes of a cache line. */
enum { LARGE = 1 << 19, LINE = 64 };

/** Whether a result of so many numbers is stored past the caches, in whole lines from `out` on. */
INLINE int is_far(int64_t size, const float *out) { return size >= LARGE && (intptr_t)out % LINE == 0; }

/** Stores a vector, past the caches if `far`: then `to` is a multiple of its size. */
INLINE void put(float *to, vec x, int far) {
  if (far) stream(to, x);
  else store(to, x);
}
