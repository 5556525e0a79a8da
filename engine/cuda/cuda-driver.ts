import type { DeviceBuffer } from '../opencl/buffers.ts';
import type { Found } from '../opencl/devices.ts';
import type { Driver, Kernel, Mark } from '../opencl/driver.ts';
import type { Numbers, Prepared } from '../opencl/launch.ts';
import type { Group, Source } from '../opencl/programs.ts';
import { check, OUT_OF_MEMORY } from './errors.ts';
import { Events } from './events.ts';
import { graphOf } from './graph.ts';
import { CudaKernel } from './kernel.ts';
import { cudaLibrary } from './library.ts';
import { Modules } from './modules.ts';
import { Pinned } from './pinned.ts';

/** A stream that does not wait for the default one. */
const NON_BLOCKING = 1;
/** Larger arrays are copied by the driver, in parts. */
const MOST_PINNED = 2 ** 22;

/** A device by NVIDIA's driver alone, with kernels from PTX. */
export class CudaDriver implements Driver {
  private readonly library = cudaLibrary();
  private readonly queue: number;
  /** For numbers that come while the other stream computes. */
  private readonly transfers: number;
  private readonly modules: Modules;
  private readonly events: Events;
  private readonly pinned: Pinned;
  readonly graph?: Driver['graph'];

  /** @throws DeviceError where the device does not start */
  constructor(readonly found: Found) {
    const { cuda, graphs } = this.library;
    const { name } = found;
    const handle = new BigUint64Array(1);
    check(cuda.devicePrimaryCtxRetain(handle, found.id), `${name}: the start`);
    check(cuda.ctxSetCurrent(Number(handle[0])), `${name}: the start`);
    const stream = () => {
      check(cuda.streamCreate(handle, NON_BLOCKING), `${name}: the queue`);
      return Number(handle[0]);
    };
    this.queue = stream();
    this.transfers = stream();
    this.modules = new Modules(name);
    this.events = new Events(cuda);
    this.pinned = new Pinned(this.events);
    if (graphs) this.graph = (queue): Prepared => graphOf(graphs, this.queue, name, queue);
  }

  create(bytes: number): number | null {
    const address = new BigUint64Array(1);
    const code = this.library.cuda.memAlloc(address, bytes);
    if (code === OUT_OF_MEMORY) return null;
    check(code, `a buffer of ${bytes} bytes`);
    return Number(address[0]);
  }

  hostMemory(bytes: number): ArrayBuffer | null {
    const { cuda, view } = this.library;
    const address = new BigUint64Array(1);
    return cuda.memHostAlloc(address, bytes, 0) === 0 ? view(Number(address[0]), bytes) : null;
  }

  free(handle: number): void {
    check(this.library.cuda.memFree(handle), 'the release of a buffer');
  }

  bytesLeft(): number {
    const [left, all] = [new BigUint64Array(1), new BigUint64Array(1)];
    check(this.library.cuda.memGetInfo(left, all), 'the memory of a device');
    return Number(left[0]);
  }

  build(of: Group | Source, name: string, defines: string, items: number): Kernel {
    const { handle, parameters } = this.modules.kernel(of, name, defines, items);
    return new CudaKernel(handle, parameters, this.queue, this.events, `${this.found.name}: ${name}`);
  }

  copy(from: DeviceBuffer, at: number, to: DeviceBuffer, bytes: number, withEvent: boolean): Mark | null {
    const code = this.library.cuda.memcpyDtoDAsync(to.handle, from.handle + at, bytes, this.queue);
    check(code, `${this.found.name}: a copy`);
    return withEvent ? this.events.mark(this.queue) : null;
  }

  read(from: DeviceBuffer, into: Numbers, wait: boolean): void {
    const { cuda } = this.library;
    const code = cuda.memcpyDtoHAsync(into, from.handle, into.byteLength, this.queue);
    check(code, `${this.found.name}: reading back`);
    if (wait) check(cuda.streamSynchronize(this.queue), `${this.found.name}: reading back`);
  }

  write(into: DeviceBuffer, from: Numbers): void {
    if (from.byteLength <= MOST_PINNED) {
      this.pinned.send(into.handle, from, this.queue);
      return;
    }
    // The driver has taken the numbers of memory that is not pinned when it returns.
    const code = this.library.cuda.memcpyHtoDAsync(into.handle, from, from.byteLength, this.queue);
    check(code, `${this.found.name}: writing`);
  }

  stage(into: DeviceBuffer, at: number, from: Numbers, after: Mark | null): void {
    const { cuda } = this.library;
    const { name } = this.found;
    if (after) check(cuda.streamWaitEvent(this.transfers, Number(after[0]), 0), `${name}: writing`);
    const event = this.pinned.send(into.handle + at, from, this.transfers);
    check(cuda.streamWaitEvent(this.queue, Number(event), 0), `${name}: writing`);
  }

  release(mark: Mark): void {
    this.events.release(mark);
  }

  milliseconds(mark: Mark): number {
    return this.events.milliseconds(mark);
  }

  /** The driver begins by itself. */
  flush(): void {}

  finish(): void {
    check(this.library.cuda.ctxSynchronize(), this.found.name);
  }
}
