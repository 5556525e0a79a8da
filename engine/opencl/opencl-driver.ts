import type { DeviceBuffer } from './buffers.ts';
import type { Found } from './devices.ts';
import type { Driver, Kernel, Mark } from './driver.ts';
import { Kernels } from './kernels.ts';
import type { Numbers, Range } from './launch.ts';
import { check, NO_MEMORY, type OpenCl, openCl, viewOf } from './library.ts';
import type { Group, Parameter, Source } from './programs.ts';

const QUEUE_PROFILING = 2;
const READ_WRITE = 1;
/** Where the driver allocates memory of this process for a buffer, and how that is mapped. */
const ALLOC_HOST_PTR = 16;
const MAP_READ_WRITE = 3;
const TIME = { start: 0x1282, end: 0x1283 };

/** A device by its OpenCL driver. */
export class OpenClDriver implements Driver {
  private readonly cl: OpenCl = openCl();
  private readonly context: number;
  private readonly queue: number;
  /** For numbers that come while the other queue computes. */
  private readonly transfers: number;
  private readonly kernels: Kernels;
  private readonly code = new Int32Array(1);

  /** @throws DeviceError where the device does not start */
  constructor(readonly found: Found) {
    const { cl, code } = this;
    const devices = BigUint64Array.of(BigInt(found.id));
    this.context = cl.createContext(null, 1, devices, null, null, code);
    check(code[0], `${found.name}: the start`);
    this.queue = cl.createCommandQueue(this.context, found.id, QUEUE_PROFILING, code);
    check(code[0], `${found.name}: the queue`);
    this.transfers = cl.createCommandQueue(this.context, found.id, 0, code);
    check(code[0], `${found.name}: the queue`);
    this.kernels = new Kernels(cl, found, this.context);
  }

  create(bytes: number): number | null {
    const handle = this.cl.createBuffer(this.context, READ_WRITE, bytes, null, this.code);
    if (NO_MEMORY.includes(this.code[0])) return null;
    check(this.code[0], `a buffer of ${bytes} bytes`);
    return handle;
  }

  hostMemory(bytes: number): ArrayBuffer | null {
    const { cl, code, queue } = this;
    const buffer = cl.createBuffer(this.context, READ_WRITE | ALLOC_HOST_PTR, bytes, null, code);
    if (code[0] !== 0) return null;
    const address = cl.enqueueMapBuffer(
      ...([queue, buffer, 1, MAP_READ_WRITE, 0, bytes] as const),
      ...([0, null, null, code] as const),
    );
    if (code[0] === 0) return viewOf(address, bytes);
    cl.releaseMemObject(buffer);
    return null;
  }

  free(handle: number): void {
    check(this.cl.releaseMemObject(handle), 'the release of a buffer');
  }

  build(of: Group | Source, name: string, defines: string, items: number): Kernel {
    const { handle, parameters } = this.kernels.another(of, name, defines, items);
    return new OpenClKernel(this.cl, this.queue, handle, parameters, name, this.found.name);
  }

  copy(from: DeviceBuffer, at: number, to: DeviceBuffer, bytes: number, withEvent: boolean): Mark | null {
    const event = withEvent ? new BigUint64Array(1) : null;
    const { cl, queue } = this;
    const code = cl.enqueueCopyBuffer(queue, from.handle, to.handle, at, 0, bytes, 0, null, event);
    check(code, `${this.found.name}: a copy`);
    return event;
  }

  read(from: DeviceBuffer, into: Numbers, wait: boolean): void {
    const { cl, queue } = this;
    const size = into.byteLength;
    const code = cl.enqueueReadBuffer(queue, from.handle, wait ? 1 : 0, 0, size, into, 0, null, null);
    check(code, `${this.found.name}: reading back`);
  }

  write(into: DeviceBuffer, from: Numbers): void {
    this.send(this.queue, into, 0, from, null);
  }

  stage(into: DeviceBuffer, at: number, from: Numbers, after: Mark | null): void {
    this.send(this.transfers, into, at, from, after);
  }

  /** Waits for the copy: the array may change then. */
  private send(queue: number, into: DeviceBuffer, at: number, from: Numbers, after: Mark | null): void {
    const waits = after ? 1 : 0;
    const size = from.byteLength;
    const code = this.cl.enqueueWriteBuffer(queue, into.handle, 1, at, size, from, waits, after, null);
    check(code, `${this.found.name}: writing`);
  }

  release(mark: Mark): void {
    check(this.cl.releaseEvent(Number(mark[0])), 'the release of an event');
  }

  milliseconds(mark: Mark): number {
    const [from, to] = [TIME.start, TIME.end].map((what) => {
      const at = new BigUint64Array(1);
      const code = this.cl.getEventProfilingInfo(Number(mark[0]), what, 8, at, null);
      check(code, 'the time of a kernel');
      return Number(at[0]);
    });
    this.release(mark);
    return (to - from) / 1e6;
  }

  flush(): void {
    check(this.cl.flush(this.queue), this.found.name);
  }

  finish(): void {
    check(this.cl.finish(this.queue), this.found.name);
  }
}

class OpenClKernel implements Kernel {
  private readonly global = new BigUint64Array(3);
  private readonly local = new BigUint64Array(3);
  private readonly int = new Int32Array(1);
  private readonly float = new Float32Array(1);

  constructor(
    private readonly cl: OpenCl,
    private readonly queueOf: number,
    private readonly handle: number,
    readonly parameters: readonly Parameter[],
    private readonly name: string,
    private readonly device: string,
  ) {}

  set(args: readonly (DeviceBuffer | number)[]): void {
    for (let i = 0; i < args.length; i++) check(this.setOne(i, args[i]), this.name);
  }

  private setOne(at: number, value: DeviceBuffer | number): number {
    if (typeof value !== 'number') return this.cl.setKernelArg(this.handle, at, 8, value.argument);
    const into = this.parameters[at] === 'int' ? this.int : this.float;
    into[0] = value;
    return this.cl.setKernelArg(this.handle, at, 4, into);
  }

  queue(range: Range, isTimed: boolean): Mark | null {
    const { global, local, queueOf } = this;
    for (let i = 0; i < range.global.length; i++) {
      local[i] = BigInt(range.local[i]);
      global[i] = BigInt(Math.ceil(range.global[i] / range.local[i]) * range.local[i]);
    }
    const event = isTimed ? new BigUint64Array(1) : null;
    const dimensions = range.global.length;
    const code = this.cl.enqueueNDRangeKernel(
      ...([queueOf, this.handle, dimensions, null] as const),
      ...([global, local, 0, null, event] as const),
    );
    check(code, `${this.device}: ${this.name}`);
    return event;
  }

  dispose(): void {
    check(this.cl.releaseKernel(this.handle), 'the release of a kernel');
  }
}
