import { BufferPool, type DeviceBuffer } from './buffers.ts';
import type { Found } from './devices.ts';
import { batched } from './fuse.ts';
import { Kernels } from './kernels.ts';
import type { Argument, Launch, Numbers, Prepared, Range } from './launch.ts';
import { check, DeviceError, type OpenCl, openCl } from './library.ts';
import type { Group, Parameter } from './programs.ts';
import { Timeline } from './timeline.ts';
import { Trace } from './trace.ts';

const QUEUE_PROFILING = 2;
const READ_WRITE = 1;
const NO_MEMORY = [-4, -61];

/** A device with one queue that runs in order: kernels by name, memory, and what was done. */
export class Device {
  readonly counts = { launches: 0, reads: 0, bytesRead: 0, bytesWritten: 0 };
  readonly pool: BufferPool;
  readonly timeline: Timeline;
  /** Work items of a group, for kernels over rows and lists: a power of two from 64 on. */
  group: number;
  /** The step that is recorded; null where none is. */
  private recorded: Trace | null = null;
  /** The step that may be replayed: it must not be once memory that it uses is released. */
  private kept: Trace | null = null;
  private readonly cl: OpenCl = openCl();
  private readonly context: number;
  private readonly queue: number;
  /** For numbers that come while the other queue computes. */
  private readonly transfers: number;
  private readonly kernels: Kernels;
  private readonly unused: DeviceBuffer;
  /** Reused by every launch. */
  private readonly sizes: Sizes = { global: new BigUint64Array(3), local: new BigUint64Array(3) };
  private readonly int = new Int32Array(1);
  private readonly float = new Float32Array(1);

  constructor(
    readonly found: Found,
    group: number,
  ) {
    this.group = group;
    const code = new Int32Array(1);
    const devices = BigUint64Array.of(BigInt(found.id));
    this.context = this.cl.createContext(null, 1, devices, null, null, code);
    check(code[0], `${found.name}: the start`);
    this.queue = this.cl.createCommandQueue(this.context, found.id, QUEUE_PROFILING, code);
    check(code[0], `${found.name}: the queue`);
    this.transfers = this.cl.createCommandQueue(this.context, found.id, 0, code);
    check(code[0], `${found.name}: the queue`);
    this.kernels = new Kernels(this.cl, found, this.context);
    this.timeline = new Timeline(this.cl);
    this.pool = new BufferPool({
      create: (bytes) => {
        const handle = this.cl.createBuffer(this.context, READ_WRITE, bytes, null, code);
        if (NO_MEMORY.includes(code[0])) return null;
        check(code[0], `a buffer of ${bytes} bytes`);
        return handle;
      },
      free: (handle) => check(this.cl.releaseMemObject(handle), 'the release of a buffer'),
    });
    this.unused = this.allocate(4);
  }

  /** Memory for `count` numbers of 4 bytes; undefined until it is written. @throws DeviceError if full. */
  allocate(count: number): DeviceBuffer {
    const buffer = (this.recorded?.arena ?? this.pool).acquire(4 * count);
    return buffer ?? this.full(count);
  }

  private full(count: number): never {
    const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
    throw new DeviceError(
      `${this.found.name} has no memory left for ${megabytes(4 * count)} (${megabytes(this.pool.bytes.used)} in use): take a smaller batch or width`,
      NO_MEMORY[0],
    );
  }

  /** The same for numbers that outlive the step in which they are made. */
  allocateLasting(count: number): DeviceBuffer {
    return this.pool.acquire(4 * count) ?? this.full(count);
  }

  /** Numbers in memory of their own. */
  upload(values: Numbers): DeviceBuffer {
    const count = Math.max(1, values.byteLength / 4);
    const { recorded } = this;
    const buffer = recorded ? recorded.arena.acquireConstant(4 * count) : this.pool.acquire(4 * count);
    if (!buffer) return this.full(count);
    if (values.length > 0) this.write(buffer, values);
    return buffer;
  }

  release(buffer: DeviceBuffer): void {
    if (buffer.arena) {
      buffer.arena.release(buffer);
      return;
    }
    if (this.kept?.uses(buffer)) this.forget();
    this.pool.release(buffer);
  }

  /** Records what is done from now on. */
  record(): void {
    this.recorded = new Trace(this.pool, {
      prepare: (launch) => this.prepared(launch),
      upload: (values) => this.upload(values),
      release: (buffer) => this.release(buffer),
    });
  }

  /** Ends the record, which the caller must dispose of or keep. */
  endRecord(): Trace {
    const trace = this.recorded as Trace;
    this.recorded = null;
    trace.end();
    return trace;
  }

  /** Why what is recorded cannot be replayed. */
  spoil(problem: string): void {
    if (this.recorded) this.recorded.problem ??= problem;
  }

  /** Keeps the memory of a recorded step, as long as all that it uses is there. */
  keep(trace: Trace): void {
    this.forget();
    this.kept = trace;
  }

  /** The step that can be replayed; null where there is none, or memory that it used is gone. */
  get replayable(): Trace | null {
    return this.kept;
  }

  forget(): void {
    const { kept } = this;
    this.kept = null;
    kept?.dispose();
  }

  /** Queues a kernel. `defines` are macros of its program, for kernels that come in several builds. */
  launch(
    group: Group,
    name: string,
    { global, local }: Range,
    args: readonly Argument[],
    defines = '',
    batch?: Launch['batch'],
  ): void {
    if (global.some((items) => items === 0)) return;
    const kernel = this.kernels.kernel(group, name, defines, this.group);
    const { parameters, handle } = kernel;
    if (args.length !== parameters.length) {
      throw new Error(`${name} takes ${parameters.length} arguments, not ${args.length}`);
    }
    for (let i = 0; i < args.length; i++) check(this.setArgument(handle, i, parameters[i], args[i]), name);
    setSizes(this.sizes, global, local);
    if (this.recorded) {
      const outputs = parameters.map((parameter) => parameter === 'output');
      this.recorded.launch({ group, name, range: { global, local }, args, defines, outputs, batch });
    }
    this.enqueue(name, handle, global.length, this.sizes);
  }

  /** A launch with a kernel of its own, whose arguments are set once. */
  private prepared({ group, name, range, args, defines }: Launch): Prepared {
    const { handle, parameters } = this.kernels.another(group, name, defines, this.group);
    for (let i = 0; i < args.length; i++) check(this.setArgument(handle, i, parameters[i], args[i]), name);
    const sizes = { global: new BigUint64Array(3), local: new BigUint64Array(3) };
    setSizes(sizes, range.global, range.local);
    return {
      queue: () => this.enqueue(name, handle, range.global.length, sizes),
      dispose: () => check(this.cl.releaseKernel(handle), 'the release of a kernel'),
    };
  }

  private enqueue(name: string, handle: number, dimensions: number, sizes: Sizes): void {
    const event = this.timeline.event();
    const code = this.cl.enqueueNDRangeKernel(
      this.queue,
      handle,
      dimensions,
      null,
      sizes.global,
      sizes.local,
      0,
      null,
      event,
    );
    check(code, `${this.found.name}: ${name}`);
    if (event) this.timeline.note(name, event);
    this.counts.launches++;
  }

  /** Queues a kernel over that many items in groups of one dimension. */
  each(group: Group, name: string, items: number, args: readonly Argument[], defines = ''): void {
    this.launch(group, name, { global: [items], local: [this.group] }, args, defines);
  }

  /**
   * Queues a kernel that takes several members of one size, with one: its buffers by their roles, and the
   * numbers that all share. A step that is replayed may have several in one launch.
   */
  member(
    group: Group,
    name: string,
    items: number,
    buffers: readonly DeviceBuffer[],
    numbers: readonly number[],
    defines = '',
  ): void {
    const range = { global: [items, 1], local: [this.group, 1] };
    const batch = { members: [buffers], numbers };
    const { args } = batched({ group, name, range, defines, outputs: [] }, batch.members, numbers);
    this.launch(group, name, range, args, defines, batch);
  }

  /** Queues a kernel with that many groups, one for each row. */
  rows(group: Group, name: string, rows: number, args: readonly Argument[], defines = ''): void {
    this.launch(group, name, { global: [rows * this.group], local: [this.group] }, args, defines);
  }

  /** Queues a copy of all of a buffer to another of that size. */
  copy(from: DeviceBuffer, to: DeviceBuffer): void {
    const code = this.cl.enqueueCopyBuffer(
      this.queue,
      from.handle,
      to.handle,
      0,
      0,
      from.bytes,
      0,
      null,
      null,
    );
    check(code, `${this.found.name}: a copy`);
  }

  /** Waits for all that is queued, and copies the first numbers of a buffer into each of the arrays. */
  read(pairs: readonly (readonly [from: DeviceBuffer, into: Numbers])[]): void {
    this.spoil('it reads numbers back');
    for (const [i, [from, into]] of pairs.entries()) {
      const isLast = i === pairs.length - 1 ? 1 : 0;
      // The queue runs in order: where the last copy has arrived, all have.
      const size = into.byteLength;
      check(
        this.cl.enqueueReadBuffer(this.queue, from.handle, isLast, 0, size, into, 0, null, null),
        `${this.found.name}: reading back`,
      );
      this.counts.bytesRead += size;
    }
    this.counts.reads++;
  }

  /** Copies numbers to the device. The array may change as soon as this returns. */
  write(into: DeviceBuffer, from: Numbers): void {
    const size = from.byteLength;
    if (into.arena) this.recorded?.upload(into, from);
    else this.spoil('it writes to memory of others');
    check(
      this.cl.enqueueWriteBuffer(this.queue, into.handle, 1, 0, size, from, 0, null, null),
      `${this.found.name}: writing`,
    );
    this.counts.bytesWritten += size;
  }

  /** Copies numbers to the device beside what is queued, once `after` has ended. Waits for the copy alone. */
  stage(into: DeviceBuffer, at: number, from: Numbers, after: BigUint64Array | null): void {
    const { cl, transfers, found } = this;
    const size = from.byteLength;
    const waits = after ? 1 : 0;
    check(
      cl.enqueueWriteBuffer(transfers, into.handle, 1, at, size, from, waits, after, null),
      `${found.name}: writing`,
    );
    this.counts.bytesWritten += size;
  }

  /** Queues a copy of some bytes to the begin of a buffer. Returns the event of its end if that is wanted. */
  copyPart(
    from: DeviceBuffer,
    at: number,
    to: DeviceBuffer,
    bytes: number,
    withEvent: boolean,
  ): BigUint64Array | null {
    const event = withEvent ? new BigUint64Array(1) : null;
    const { cl, queue, found } = this;
    const code = cl.enqueueCopyBuffer(queue, from.handle, to.handle, at, 0, bytes, 0, null, event);
    check(code, `${found.name}: a copy`);
    return event;
  }

  releaseEvent(event: BigUint64Array): void {
    check(this.cl.releaseEvent(Number(event[0])), 'the release of an event');
  }

  /** Has the device begin what is queued. */
  flush(): void {
    check(this.cl.flush(this.queue), this.found.name);
  }

  /** Waits for all that is queued. */
  finish(): void {
    check(this.cl.finish(this.queue), this.found.name);
  }

  private setArgument(kernel: number, at: number, type: Parameter, value: Argument): number {
    if (type === 'buffer' || type === 'output') {
      const { argument } = (value as DeviceBuffer | null) ?? this.unused;
      return this.cl.setKernelArg(kernel, at, 8, argument);
    }
    const into = type === 'int' ? this.int : this.float;
    into[0] = value as number;
    return this.cl.setKernelArg(kernel, at, 4, into);
  }
}

/** Work items and those of a group, as OpenCL takes them. */
interface Sizes {
  global: BigUint64Array;
  local: BigUint64Array;
}

function setSizes(into: Sizes, global: readonly number[], local: readonly number[]): void {
  for (let i = 0; i < global.length; i++) {
    into.local[i] = BigInt(local[i]);
    into.global[i] = BigInt(Math.ceil(global[i] / local[i]) * local[i]);
  }
}
