// The kernels of the embedded backend in C, as one library. `npm run build:native` builds it.
#include "among.h"
#include "amx.h"
#include "combination.h"
#include "elementwise.h"
#include "prefilter.h"
#include "product.h"
#include "reductions.h"
#include "scan.h"
#include "sparse.h"
#include "strips.h"
#include "transpose.h"

typedef void kernel(const struct job *);

#ifdef __AVX512F__
#define AVX512_KERNELS(each) \
  each(packPieces) each(productOfPieces) each(quantise) each(prefilter) each(exactAbove)
#else
#define AVX512_KERNELS(each)
#endif

#define KERNELS(each)                                                                          \
  each(add) each(sub) each(mul) each(div) each(maximum) each(minimum) each(squaredDifference) \
  each(neg) each(square) each(squareRoot) each(abs) each(relu) each(affine) each(adam) \
  each(packLeft) each(product) each(transpose) \
  each(sparseRows) each(columnSums) each(stripSums) each(sparseDots) each(above) each(joinBlocks) each(histogram) \
  each(sumColumns) each(sumOfRows) each(squaresOfRows) each(rowDots) \
  each(combine) each(combinationSquares) each(combinationColumns) \
  each(largestAmong) each(unitRows) each(unitRowsGradient) \
  AVX512_KERNELS(each)

#define ENTRY(name) {#name, name},
static const struct {
  const char *name;
  kernel *run;
} kernels[] = {KERNELS(ENTRY)};

/** The name of kernel i; null from their number on. */
EXPORT const char *kernel_name(int i) {
  return i < (int)(sizeof kernels / sizeof *kernels) ? kernels[i].name : 0;
}

/** Runs kernel i over items from..to of the job in this memory. */
EXPORT void run_kernel(char *memory, int i, int from, int to) {
  const struct job job = {memory, (const double *)(memory + ARGUMENTS), from, to};
  kernels[i].run(&job);
}
