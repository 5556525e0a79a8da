import { type GemmKernels, openGemm, PANEL } from '../gemm.ts';
import { KernelMemory } from '../kernel-memory.ts';

/** Rows whose gradient is computed at a time. */
const BLOCK = 256;

/**
 * Some rows of a dictionary E under orthogonalisation, in float32 and with SIMD: what one thread holds. The
 * loss couples rows only through EᵀE [d, d], which is the sum of the slices' own.
 */
export class DictionarySlice {
  private readonly kernels: GemmKernels;
  private readonly e: Float32Array;
  private readonly turned: Float32Array;
  private readonly packed: Float32Array;
  private readonly gram: Float32Array;
  private readonly product: Float32Array;
  private readonly first: Float32Array;
  private readonly second: Float32Array;
  private readonly pointers: Record<'e' | 'turned' | 'packed' | 'gram' | 'product', number>;
  private readonly rows: number;
  /** Rows and columns rounded up to what the kernel takes; the rest is zeros. */
  private readonly paddedRows: number;
  private readonly stride: number;

  constructor(
    rows: Float32Array,
    private readonly d: number,
  ) {
    this.rows = rows.length / d;
    this.paddedRows = Math.ceil(this.rows / PANEL) * PANEL;
    this.stride = Math.ceil(d / PANEL) * PANEL;
    const { stride, paddedRows } = this;
    const memory = new KernelMemory();
    this.pointers = {
      e: memory.reserve(paddedRows * stride),
      turned: memory.reserve(paddedRows * stride),
      packed: memory.reserve(Math.max(paddedRows, stride) * stride),
      gram: memory.reserve(stride * stride),
      product: memory.reserve(BLOCK * stride),
    };
    this.kernels = openGemm(memory);
    this.e = memory.floats(this.pointers.e, paddedRows * stride);
    this.turned = memory.floats(this.pointers.turned, paddedRows * stride);
    this.packed = memory.floats(this.pointers.packed, Math.max(paddedRows, stride) * stride);
    this.gram = memory.floats(this.pointers.gram, stride * stride);
    this.product = memory.floats(this.pointers.product, BLOCK * stride);
    this.first = new Float32Array(rows.length);
    this.second = new Float32Array(rows.length);
    for (let i = 0; i < this.rows; i++) this.e.set(rows.subarray(i * d, (i + 1) * d), i * stride);
  }

  /** EᵀE of these rows, [d, d]: the upper triangle computed, the lower mirrored. */
  ownGram(): Float32Array {
    const { e, turned, gram, d, stride, paddedRows } = this;
    for (let i = 0; i < this.rows; i++) {
      for (let k = 0; k < d; k++) turned[k * paddedRows + i] = e[i * stride + k];
    }
    this.pack(e, paddedRows);
    gram.fill(0);
    // Blocks of rows from the diagonal on.
    for (let row = 0; row < stride; row += BLOCK) {
      const height = Math.min(BLOCK, stride - row);
      this.kernels.multiplyAdd(
        this.pointers.turned + row * paddedRows * 4,
        paddedRows,
        this.pointers.packed + row * paddedRows * 4,
        this.pointers.gram + (row * stride + row) * 4,
        stride,
        height,
        stride - row,
        paddedRows,
      );
    }
    const out = new Float32Array(d * d);
    for (let k = 0; k < d; k++) {
      for (let l = 0; l < d; l++) out[k * d + l] = gram[Math.min(k, l) * stride + Math.max(k, l)];
    }
    return out;
  }

  /**
   * One Adam step on these rows, given EᵀE of all `total` rows. Steps count from 1.
   * See `orthogonalise` for the loss and its gradient.
   */
  step(fullGram: Float32Array, total: number, step: number, lr: number): void {
    const { e, gram, product, first, second, d, stride } = this;
    for (let k = 0; k < d; k++) gram.set(fullGram.subarray(k * d, (k + 1) * d), k * stride);
    this.pack(gram, stride);
    const rate = lr / (1 - 0.9 ** step);
    const correction = 1 / Math.sqrt(1 - 0.999 ** step);
    for (let start = 0; start < this.paddedRows; start += BLOCK) {
      const height = Math.min(BLOCK, this.paddedRows - start);
      product.fill(0);
      this.kernels.multiplyAdd(
        this.pointers.e + start * stride * 4,
        stride,
        this.pointers.packed,
        this.pointers.product,
        stride,
        height,
        stride,
        stride,
      );
      for (let i = start; i < Math.min(start + height, this.rows); i++) {
        let square = 0;
        for (let at = i * stride; at < i * stride + d; at++) square += e[at] * e[at];
        const own = 4 * total * (square - 1) - 4 * square;
        for (let k = 0; k < d; k++) {
          const at = i * stride + k;
          const moment = i * d + k;
          const gradient = 4 * product[(i - start) * stride + k] + own * e[at];
          first[moment] = 0.9 * first[moment] + 0.1 * gradient;
          second[moment] = 0.999 * second[moment] + 0.001 * gradient * gradient;
          e[at] -= (rate * first[moment]) / (Math.sqrt(second[moment]) * correction + 1e-8);
        }
      }
    }
  }

  /** The rows as they stand, [rows, d]. */
  read(out: Float32Array): void {
    const { e, d, stride } = this;
    for (let i = 0; i < this.rows; i++) out.set(e.subarray(i * stride, i * stride + d), i * d);
  }

  /** [k, stride] into panels of 8 columns, [stride / 8][k][8]. */
  private pack(from: Float32Array, k: number): void {
    const { packed, stride } = this;
    for (let panel = 0, at = 0; panel < stride; panel += PANEL) {
      for (let row = 0; row < k; row++) {
        for (let column = panel; column < panel + PANEL; column++) packed[at++] = from[row * stride + column];
      }
    }
  }
}
