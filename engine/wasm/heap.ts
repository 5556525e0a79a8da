import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';

/** Our kernels (kernels.as), which work in the memory of tfjs' wasm backend. */
interface Kernels {
  sparseTimesDense: SparseKernel;
  sparseTransposedTimesDense: SparseKernel;
  dotsAt: SparseKernel;
  nonZeros(values: number, count: number, limit: number, positions: number): number;
  above(values: number, count: number, least: number, limit: number, positions: number): number;
  squaredErrors(a: number, b: number, rows: number, n: number, out: number): void;
  squaredErrorsGradients(
    dy: number,
    a: number,
    b: number,
    rows: number,
    n: number,
    da: number,
    db: number,
  ): void;
  sumRows(a: number, rows: number, columns: number, out: number): void;
}

type SparseKernel = (
  rows: number,
  offsets: number,
  indices: number,
  values: number,
  bandOf: number,
  table: number,
  dense: number,
  n: number,
) => void;

// Node has it; its types stand in the library of browsers.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What we use of the backend's Emscripten module. */
interface Module {
  asm: { memory: Memory };
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

const FIRST_SCRATCH = 1 << 20;

/**
 * A scratch area in the backend's memory for what JavaScript hands to kernels. An area that is too small grows only in
 * `settle`, never while someone looks into the memory: growing moves it under their views.
 */
export class Heap {
  readonly kernels: Kernels;
  private readonly memory: Memory;
  private scratch = 0;
  private size = 0;
  private wanted = FIRST_SCRATCH;
  private used = 0;

  constructor(private readonly module: Module) {
    this.memory = module.asm.memory;
    const binary = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
    const instance = new WebAssembly.Instance(binary, { env: { memory: this.memory } });
    this.kernels = instance.exports as Kernels;
  }

  /** Whether these numbers lie in the backend's memory, so that `view.byteOffset` is a pointer. */
  holds(view: ArrayBufferView): boolean {
    return view.buffer === this.memory.buffer;
  }

  /** Before views are taken: makes the area as large as was asked for last. */
  settle(): void {
    if (this.size >= this.wanted) return;
    if (this.scratch !== 0) this.module._free(this.scratch);
    this.scratch = this.module._malloc(this.wanted) >>> 0;
    this.size = this.wanted;
  }

  /** Starts to fill the area anew for one call of a kernel; false where `bytes` do not fit (until the next settle). */
  begin(bytes: number): boolean {
    this.used = 0;
    // Every array may be padded to 16 bytes.
    const needed = bytes + 256;
    if (needed > this.wanted) this.wanted = 2 * needed;
    return needed <= this.size;
  }

  /** A pointer to a copy of these numbers. */
  put(values: Uint32Array | Float32Array | Uint8Array): number {
    const pointer = this.reserve(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.memory.buffer, pointer, values.byteLength).set(bytes);
    return pointer;
  }

  reserve(bytes: number): number {
    const pointer = (this.scratch + this.used + 15) & ~15;
    this.used = pointer + bytes - this.scratch;
    return pointer >>> 0;
  }

  floats(pointer: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, pointer, count);
  }

  words(pointer: number, count: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, pointer, count);
  }
}

let heap: Heap | null = null;

/** The heap of the wasm backend, or null on another. */
export function currentHeap(): Heap | null {
  if (tf.getBackend() !== 'wasm') return null;
  if (!heap) {
    const { wasm } = tf.backend() as unknown as { wasm: Module };
    heap = new Heap(wasm);
  }
  return heap;
}

/** The heap if all these numbers lie in it, ready for a call with so many bytes of its own; else null. */
export function heapFor(bytes: number, ...views: readonly ArrayBufferView[]): Heap | null {
  const found = currentHeap();
  return found?.begin(bytes) && views.every((view) => found.holds(view)) ? found : null;
}
