import { readFileSync } from 'node:fs';

/** Node has WebAssembly; its types come with those of the DOM, which this project does not load. */
declare const WebAssembly: {
  Memory: new (options: { initial: number }) => { buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

const PAGE = 65536;
const compiled = new Map<string, object>();

/**
 * A WebAssembly memory with a fixed layout: arrays are reserved first, then `open` creates the memory and
 * the kernels. A pointer is the byte offset of an array.
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

  /** Creates the memory and the kernels. `Exports` is the type of the exports of the .wasm file. */
  open<Exports>(wasm: URL): Exports {
    const module = compiled.get(wasm.href) ?? new WebAssembly.Module(readFileSync(wasm));
    compiled.set(wasm.href, module);
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(this.bytes / PAGE) });
    return new WebAssembly.Instance(module, { env: { memory: this.memory, abort: unreachable } })
      .exports as Exports;
  }

  floats(pointer: number, count: number): Float32Array {
    return new Float32Array(this.buffer(), pointer, count);
  }

  doubles(pointer: number, count: number): Float64Array {
    return new Float64Array(this.buffer(), pointer, count);
  }

  shorts(pointer: number, count: number): Int16Array {
    return new Int16Array(this.buffer(), pointer, count);
  }

  ints(pointer: number, count: number): Int32Array {
    return new Int32Array(this.buffer(), pointer, count);
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
  throw new Error('a kernel aborted');
}
