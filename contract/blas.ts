/**
 * Values of `--blas` and ENGINE_BLAS: what computes large dense products. `auto` takes AMX where the
 * processor has it, else the engine's kernels where these use AVX2 or AVX-512, else OpenBLAS, else ONNX
 * Runtime.
 */
export const blasChoices = ['auto', 'amx', 'openblas', 'onnx', 'off'] as const;

/** What `--blas` does, in the help of the commands that have it. */
export const ABOUT_BLAS =
  'what computes dense products: auto (amx where the processor has AMX; off, our kernels, where these use AVX2 or AVX-512; else OpenBLAS, else ONNX Runtime, if one is here), or one of them';
