// How the threads of the pool call a kernel: items from..to of a job whose arguments stand in the shared
// memory, as in chunks.mjs. A kernel has the name and the arguments of its counterpart in ../kernels/*.as, and
// gives the same bits as that in relaxed.wasm.
#pragma once

#include "../../native/simd.h"

/** Byte offset of the arguments (float64) in the shared memory: ARGUMENTS of chunks.mjs. */
enum { ARGUMENTS = 64 };

struct job {
  char *memory;
  const double *arguments;
  int64_t from;
  int64_t to;
};

#define KERNEL(name) static void name(const struct job *job)

/** Argument i as a pointer into the shared memory, null for 0; as a whole number; and as float32. */
INLINE void *pointer(const struct job *job, int i) {
  const int64_t at = (int64_t)job->arguments[i];
  return at == 0 ? 0 : job->memory + at;
}
INLINE int64_t whole(const struct job *job, int i) { return (int64_t)job->arguments[i]; }
INLINE float number(const struct job *job, int i) { return (float)job->arguments[i]; }

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
