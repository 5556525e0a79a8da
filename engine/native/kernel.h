// What all kernels in C include: no header of C's library, only what the compiler itself has.
#pragma once

#include <immintrin.h>
#include <stdint.h>

/** Marks a function that is called from outside; all others stay inside the library. */
#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

/** What the library was built from (sources.ts); a build of older sources is found by this text. */
EXPORT const char built_from[] = "built from " SOURCES;
