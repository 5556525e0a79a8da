import type { Precision } from '../precision.ts';
import { BufferPool, type DeviceBuffer } from './buffers.ts';
import type { Found } from './devices.ts';
import type { Driver, Kernel, Mark } from './driver.ts';
import { batched } from './fuse.ts';
import type { Argument, Launch, Numbers, Prepared, Range } from './launch.ts';
import { DeviceError, NO_MEMORY } from './library.ts';
import type { Group } from './programs.ts';
import { Timeline } from './timeline.ts';
import { together } from './together.ts';
import { Trace } from './trace.ts';

/** A device with one queue that runs in order: kernels by name, memory, and what was done. */
export class Device {
  readonly counts = { launches: 0, reads: 0, bytesRead: 0, bytesWritten: 0 };
  readonly found: Found;
  readonly pool: BufferPool;
  readonly timeline: Timeline;
  /** Work items of a group, for kernels over rows and lists: a power of two from 64 on. */
  group: number;
  /** What its encodes are computed in, once `proveEncodes` has chosen. */
  encodes: Precision = 'fp32';
  /** The step that is recorded; null where none is. */
  private recorded: Trace | null = null;
  /** The step that may be replayed: it must not be once memory that it uses is released. */
  private kept: Trace | null = null;
  private readonly kernels = new Map<string, Kernel>();
  private readonly unused: DeviceBuffer;

  constructor(
    readonly driver: Driver,
    group: number,
  ) {
    this.group = group;
    this.found = driver.found;
    this.timeline = new Timeline(driver);
    this.pool = new BufferPool(driver);
    this.unused = this.allocate(4);
  }

  /** Memory for `count` numbers of 4 bytes; undefined until it is written. @throws DeviceError if full. */
  allocate(count: number): DeviceBuffer {
    const buffer = (this.recorded?.arena ?? this.pool).acquire(4 * count);
    return buffer ?? this.full(count);
  }

  private full(count: number): never {
    const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
    const left = this.driver.bytesLeft ? `, ${megabytes(this.driver.bytesLeft())} free` : '';
    throw new DeviceError(
      `${this.found.name} has no memory left for ${megabytes(4 * count)} (${megabytes(this.pool.bytes.used)} in use${left}): take a smaller batch or width`,
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
      together: (launches) => together(launches, this.driver.graph, this),
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
    const kernel = this.kernel(group, name, defines);
    const { parameters } = kernel;
    if (args.length !== parameters.length) {
      throw new Error(`${name} takes ${parameters.length} arguments, not ${args.length}`);
    }
    this.setArguments(kernel, args);
    if (this.recorded) {
      const outputs = parameters.map((parameter) => parameter === 'output');
      this.recorded.launch({ group, name, range: { global, local }, args, defines, outputs, batch });
    }
    this.queue(name, kernel, { global, local });
  }

  /** The kernel that all launches of that name share. */
  private kernel(group: Group, name: string, defines: string): Kernel {
    const key = `${name} ${this.group} ${defines}`;
    const known = this.kernels.get(key);
    if (known) return known;
    const kernel = this.driver.build(group, name, defines, this.group);
    this.kernels.set(key, kernel);
    return kernel;
  }

  /** A launch with a kernel of its own, whose arguments are set once. */
  private prepared({ group, name, range, args, defines }: Launch): Prepared {
    const kernel = this.driver.build(group, name, defines, this.group);
    this.setArguments(kernel, args);
    return { queue: () => this.queue(name, kernel, range), dispose: () => kernel.dispose() };
  }

  private setArguments(kernel: Kernel, args: readonly Argument[]): void {
    kernel.set(args.map((argument) => argument ?? this.unused));
  }

  private queue(name: string, kernel: Kernel, range: Range): void {
    const event = kernel.queue(range, this.timeline.isOn);
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
    this.driver.copy(from, 0, to, from.bytes, false);
  }

  /** Waits for all that is queued, and copies the first numbers of a buffer into each of the arrays. */
  read(pairs: readonly (readonly [from: DeviceBuffer, into: Numbers])[]): void {
    this.spoil('it reads numbers back');
    for (const [i, [from, into]] of pairs.entries()) {
      // The queue runs in order: where the last copy has arrived, all have.
      this.driver.read(from, into, i === pairs.length - 1);
      this.counts.bytesRead += into.byteLength;
    }
    this.counts.reads++;
  }

  /** Copies numbers to the device. The array may change as soon as this returns. */
  write(into: DeviceBuffer, from: Numbers): void {
    if (into.arena) this.recorded?.upload(into, from);
    else this.spoil('it writes to memory of others');
    this.driver.write(into, from);
    this.counts.bytesWritten += from.byteLength;
  }

  /** Copies numbers to the device beside what is queued, once `after` has come. They may change then. */
  stage(into: DeviceBuffer, at: number, from: Numbers, after: Mark | null): void {
    this.driver.stage(into, at, from, after);
    this.counts.bytesWritten += from.byteLength;
  }

  /** Queues a copy of some bytes to the begin of a buffer. Returns the event of its end if that is wanted. */
  copyPart(from: DeviceBuffer, at: number, to: DeviceBuffer, bytes: number, withEvent: boolean): Mark | null {
    return this.driver.copy(from, at, to, bytes, withEvent);
  }

  releaseEvent(event: Mark): void {
    this.driver.release(event);
  }

  /** Has the device begin what is queued. */
  flush(): void {
    this.driver.flush();
  }

  /** Waits for all that is queued. */
  finish(): void {
    this.driver.finish();
  }
}
