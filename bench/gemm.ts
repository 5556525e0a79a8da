import { KernelMemory } from './kernel-memory.ts';

/** The exports of gemm.wasm; pointers are bytes, strides numbers. See gemm.as. */
export interface GemmKernels {
  multiplyAdd(
    a: number,
    aStride: number,
    b: number,
    c: number,
    cStride: number,
    m: number,
    n: number,
    k: number,
  ): void;
}

export function openGemm(memory: KernelMemory): GemmKernels {
  return memory.open<GemmKernels>(new URL('./gemm.wasm', import.meta.url));
}

/**
 * Columns of a panel of the kernel's second operand, and rows of the first that the kernel takes at a time.
 */
export const PANEL = 8;
const QUAD = 4;
const ROWS = 256;
const COLUMNS = 1024;

/** a · bᵀ, [m, n], float32: the inner product of every row of a [m, d] with every row of b [n, d]. */
export function innerProducts(a: Float32Array, b: Float32Array, d: number): Float32Array {
  const [m, n] = [a.length / d, b.length / d];
  const memory = new KernelMemory();
  const pointers = {
    a: memory.reserve(ROWS * d),
    b: memory.reserve(COLUMNS * d),
    c: memory.reserve(ROWS * COLUMNS),
  };
  const { multiplyAdd } = openGemm(memory);
  const left = memory.floats(pointers.a, ROWS * d);
  const packed = memory.floats(pointers.b, COLUMNS * d);
  const block = memory.floats(pointers.c, ROWS * COLUMNS);
  const out = new Float32Array(m * n);
  for (let column = 0; column < n; column += COLUMNS) {
    const width = Math.min(COLUMNS, n - column);
    const padded = Math.ceil(width / PANEL) * PANEL;
    for (let j = 0; j < padded; j++) {
      const at = Math.floor(j / PANEL) * PANEL * d + (j % PANEL);
      for (let k = 0; k < d; k++) packed[at + k * PANEL] = j < width ? b[(column + j) * d + k] : 0;
    }
    for (let row = 0; row < m; row += ROWS) {
      const height = Math.min(ROWS, m - row);
      left.set(a.subarray(row * d, (row + height) * d));
      block.fill(0);
      const whole = Math.ceil(height / QUAD) * QUAD;
      multiplyAdd(pointers.a, d, pointers.b, pointers.c, COLUMNS, whole, padded, d);
      for (let i = 0; i < height; i++) {
        out.set(block.subarray(i * COLUMNS, i * COLUMNS + width), (row + i) * n + column);
      }
    }
  }
  return out;
}
