import { KernelMemory } from '../kernel-memory.ts';
import type { Entries } from './entries.ts';
import { openKernels, type SamplerKernels } from './kernels.ts';

const ROWS = 1024;
const ENTRIES = 1 << 16;

/** Sums of vectors in WebAssembly: see `Synthesis`. */
export class PlainSums {
  private readonly kernels: SamplerKernels;
  private readonly offsets: Uint32Array;
  private readonly indices: Uint32Array;
  private readonly values: Float32Array;
  private readonly x: Float32Array;
  private readonly pointers: Record<'offsets' | 'indices' | 'values' | 'vectors' | 'bias' | 'x', number>;
  private readonly stride: number;
  private readonly capacity: number;

  /** @param vectors [count, bias.length] */
  constructor(
    vectors: Float32Array,
    private readonly bias: Float32Array,
  ) {
    const d = bias.length;
    const count = vectors.length / d;
    this.stride = Math.ceil(d / 4) * 4;
    this.capacity = Math.max(ENTRIES, count);
    const memory = new KernelMemory();
    const { stride, capacity } = this;
    this.pointers = {
      offsets: memory.reserve(ROWS + 1),
      indices: memory.reserve(capacity),
      values: memory.reserve(capacity),
      vectors: memory.reserve(count * stride),
      bias: memory.reserve(stride),
      x: memory.reserve(ROWS * stride),
    };
    this.kernels = openKernels(memory);
    const { pointers } = this;
    this.offsets = memory.words(pointers.offsets, ROWS + 1);
    this.indices = memory.words(pointers.indices, capacity);
    this.values = memory.floats(pointers.values, capacity);
    this.x = memory.floats(pointers.x, ROWS * stride);
    memory.floats(pointers.bias, stride).set(bias);
    const padded = memory.floats(pointers.vectors, count * stride);
    for (let i = 0; i < count; i++) padded.set(vectors.subarray(i * d, (i + 1) * d), i * stride);
  }

  /** Writes all rows of the sparse matrix into x, [rows, bias.length]. */
  write(entries: Entries, x: Float32Array): void {
    for (let row = 0; row < entries.rows; ) row = this.writeSome(entries, row, x);
  }

  /** Writes as many rows as fit, from `start` on, and returns the next row. A single row always fits. */
  private writeSome({ rows, offsets, indices, values }: Entries, start: number, x: Float32Array): number {
    const { pointers, stride } = this;
    const first = offsets[start];
    let end = start;
    while (end < rows && end - start < ROWS && offsets[end + 1] - first <= this.capacity) end++;
    for (let row = start; row <= end; row++) this.offsets[row - start] = offsets[row] - first;
    this.indices.set(indices.subarray(first, offsets[end]));
    this.values.set(values.subarray(first, offsets[end]));
    this.kernels.synthesise(
      pointers.offsets,
      pointers.indices,
      pointers.values,
      pointers.vectors,
      pointers.bias,
      pointers.x,
      end - start,
      stride,
    );
    const d = this.bias.length;
    if (stride === d) x.set(this.x.subarray(0, (end - start) * d), start * d);
    else {
      for (let row = start; row < end; row++) {
        const at = (row - start) * stride;
        x.set(this.x.subarray(at, at + d), row * d);
      }
    }
    return end;
  }
}
