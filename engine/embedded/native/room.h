// Memory of a thread for the time of a chunk: a job does not know which threads take its chunks.
#pragma once

#include "job.h"

/**
 * Room of a thread in `scratch`: a word for each thread, set while it is in use, then `size` numbers for each.
 */
INLINE float *take_room(int32_t *scratch, int64_t threads, int64_t size, int64_t *own) {
  *own = 0;
  while (__atomic_exchange_n(&scratch[*own], 1, __ATOMIC_ACQUIRE)) *own = (*own + 1) % threads;
  return (float *)(scratch + 64) + *own * size;
}
INLINE void give_back(int32_t *scratch, int64_t own) { __atomic_store_n(&scratch[own], 0, __ATOMIC_RELEASE); }
