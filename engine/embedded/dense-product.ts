/** A product c [m, n] = a [m, k] · b [k, n], each operand given as its transpose or not. */
export interface Product {
  m: number;
  n: number;
  k: number;
  transposeA: boolean;
  transposeB: boolean;
}

/** Pointers of a bias and a scale of each column of a product; 0 leaves one out. */
export interface Affine {
  bias: number;
  scale: number;
}
export const NONE: Affine = { bias: 0, scale: 0 };

/**
 * A dense product with other last bits than that of the backend's kernels: by a library, OpenBLAS or ONNX
 * Runtime (onnx.ts), or by AMX (amx.ts).
 */
export interface Blas {
  /** "OpenBLAS 0.3.21 SkylakeX". */
  label: string;
  /** The processor that the library took this one for, where it was asked for newer kernels; else null. */
  instead: string | null;
  /** Whether it adds the bias and multiplies the scale of a product; else that is a pass of its own. */
  isAffine?: boolean;
  /** Whether it is AMX, and no library. */
  isAmx?: boolean;
  multiply(a: Float32Array, b: Float32Array, c: Float32Array, size: Product, affine?: Affine): void;
}
