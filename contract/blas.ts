/**
 * Values of `--blas` and ENGINE_BLAS: which library computes dense products. `auto` takes OpenBLAS, else ONNX
 * Runtime, else none.
 */
export const blasChoices = ['auto', 'openblas', 'onnx', 'off'] as const;

/** What `--blas` does, in the help of the commands that have it. */
export const ABOUT_BLAS =
  'library for dense products: auto (OpenBLAS if the system has it, else ONNX Runtime if it is installed), or one of them, or none';
