import type { Found } from '#engine/opencl/devices';
import { check, DeviceError, type OpenCl, openCl } from '#engine/opencl/library';
import { type Parameter, parametersOf, withCommon } from '#engine/opencl/programs';

/** Memory of the device, by its handle as a kernel's argument. */
type Memory = BigUint64Array;
/** An argument of a kernel; null for a buffer that it does not use. */
type Argument = Memory | number;

/** Kernels of one source, with common.cl before it, on a device with a queue that runs in order. */
export class Runner {
  private readonly cl: OpenCl = openCl();
  private readonly context: number;
  private readonly queue: number;
  private readonly program: number;
  private readonly parameters: Map<string, Parameter[]>;
  private readonly kernels = new Map<string, number>();
  private readonly code = new Int32Array(1);

  /** @throws DeviceError where the device does not start, or cannot build the source. */
  constructor(
    readonly found: Found,
    kernels: string,
    private readonly group: number,
    defines: Readonly<Record<string, number>>,
  ) {
    const { cl, code } = this;
    const source = withCommon(kernels);
    const device = BigUint64Array.of(BigInt(found.id));
    this.context = cl.createContext(null, 1, device, null, null, code);
    check(code[0], `${found.name}: the start`);
    this.queue = cl.createCommandQueue(this.context, found.id, 0, code);
    check(code[0], `${found.name}: the queue`);
    this.program = cl.createProgramWithSource(this.context, 1, [source], null, code);
    check(code[0], 'the program of the sampler');
    const words = Object.entries({ GROUP: group, ...defines }).map(([name, value]) => `-D ${name}=${value}`);
    const built = cl.buildProgram(this.program, 1, device, `-w -cl-std=CL1.2 ${words.join(' ')}`, null, null);
    if (built !== 0)
      throw new DeviceError(`${found.name} cannot build the sampler: ${this.firstError()}`, built);
    this.parameters = parametersOf(source);
  }

  /** Memory of that many bytes. @throws DeviceError where there is none left */
  allocate(bytes: number): Memory {
    const handle = this.cl.createBuffer(this.context, 1, Math.max(4, bytes), null, this.code);
    check(this.code[0], `${this.found.name}: ${bytes} bytes for the sampler`);
    return BigUint64Array.of(BigInt(handle));
  }

  /** Memory that holds these numbers. */
  filled(numbers: Float32Array | Int32Array): Memory {
    const memory = this.allocate(numbers.byteLength);
    if (numbers.length > 0) {
      const { cl, queue } = this;
      const size = numbers.byteLength;
      check(cl.enqueueWriteBuffer(queue, Number(memory[0]), 1, 0, size, numbers, 0, null, null), 'writing');
    }
    return memory;
  }

  release(memory: Memory): void {
    check(this.cl.releaseMemObject(Number(memory[0])), 'the release of a buffer');
  }

  /** Queues a kernel with that many groups. */
  run(name: string, groups: number, args: readonly Argument[]): void {
    const { cl, queue, group } = this;
    const kernel = this.kernel(name);
    const types = this.parameters.get(name) ?? [];
    if (types.length !== args.length)
      throw new Error(`${name} takes ${types.length} arguments, not ${args.length}`);
    for (const [i, value] of args.entries()) {
      if (typeof value !== 'number') check(cl.setKernelArg(kernel, i, 8, value), name);
      else check(cl.setKernelArg(kernel, i, 4, Int32Array.of(value)), name);
    }
    const sizes = {
      global: BigUint64Array.of(BigInt(groups * group)),
      local: BigUint64Array.of(BigInt(group)),
    };
    check(
      cl.enqueueNDRangeKernel(queue, kernel, 1, null, sizes.global, sizes.local, 0, null, null),
      `${this.found.name}: ${name}`,
    );
  }

  /** Waits for all that is queued, and copies the first numbers of a buffer. */
  read(from: Memory, into: Float32Array | Int32Array | Uint32Array): void {
    if (into.length === 0) return;
    const { cl, queue } = this;
    check(
      cl.enqueueReadBuffer(queue, Number(from[0]), 1, 0, into.byteLength, into, 0, null, null),
      `${this.found.name}: reading samples`,
    );
  }

  private kernel(name: string): number {
    const known = this.kernels.get(name);
    if (known !== undefined) return known;
    const handle = this.cl.createKernel(this.program, name, this.code);
    check(this.code[0], `the kernel ${name}`);
    this.kernels.set(name, handle);
    return handle;
  }

  private firstError(): string {
    const log = Buffer.alloc(1 << 16);
    this.cl.getProgramBuildInfo(this.program, this.found.id, 0x1183, log.length, log, null);
    const lines = log.toString('utf8').split('\0')[0].split('\n');
    return (lines.find((line) => /error/i.test(line)) ?? 'the compiler said nothing').trim();
  }
}
