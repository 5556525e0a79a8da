/**
 * Values of `--blas` and ENGINE_BLAS: which library computes dense products. `auto` takes none where the
 * engine's kernels use the processor's own instructions, else OpenBLAS, else ONNX Runtime.
 */
export const blasChoices = ['auto', 'openblas', 'onnx', 'off'] as const;

/** What `--blas` does, in the help of the commands that have it. */
export const ABOUT_BLAS =
  'library for dense products: auto (none where our kernels use AVX2 or AVX-512; else OpenBLAS, else ONNX Runtime, if one is here), or one of them, or none';
