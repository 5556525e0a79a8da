import { readFileSync } from 'node:fs';

/** The exports of kernels.wasm; pointers are bytes. See kernels.as. */
interface Exports {
  fireArguments(
    z: number,
    loadings: number,
    cutoffs: number,
    out: number,
    maxima: number,
    rows: number,
    buckets: number,
    rank: number,
  ): void;
  synthesise(
    offsets: number,
    features: number,
    values: number,
    vectors: number,
    bias: number,
    x: number,
    rows: number,
    stride: number,
  ): void;
}

/** Node has WebAssembly; its types come with the DOM's, which we do not load. */
declare const WebAssembly: {
  Memory: new (options: { initial: number }) => { buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

const PAGE = 65536;
let compiled: object | undefined;

/**
 * A WebAssembly memory of a fixed plan: arrays are reserved first, then `open` makes memory and kernels. A pointer is
 * the byte offset of an array's view.
 */
export class KernelMemory {
  private bytes = 16;
  private memory: { buffer: ArrayBuffer } | undefined;

  /** Reserves `count` 4-byte numbers, aligned for SIMD; returns their pointer. */
  reserve(count: number): number {
    const pointer = this.bytes;
    this.bytes += Math.ceil((count * 4) / 16) * 16;
    return pointer;
  }

  open(): Exports {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(this.bytes / PAGE) });
    return new WebAssembly.Instance(compiled, { env: { memory: this.memory, abort: unreachable } })
      .exports as Exports;
  }

  floats(pointer: number, count: number): Float32Array {
    return new Float32Array(this.buffer(), pointer, count);
  }

  words(pointer: number, count: number): Uint32Array {
    return new Uint32Array(this.buffer(), pointer, count);
  }

  private buffer(): ArrayBuffer {
    if (!this.memory) throw new Error('the kernels are not open yet');
    return this.memory.buffer;
  }
}

function unreachable(): never {
  throw new Error('a sampler kernel aborted');
}
