import type { DeviceBuffer } from '#engine/opencl/buffers';
import type { Driver, Kernel } from '#engine/opencl/driver';
import type { Numbers } from '#engine/opencl/launch';
import { DeviceError, NO_MEMORY } from '#engine/opencl/library';
import type { Source } from '#engine/opencl/programs';

/** Kernels of one source, in groups of one size, on a device. */
export class Runner {
  private readonly kernels = new Map<string, Kernel>();

  constructor(
    readonly driver: Driver,
    private readonly source: Source,
    private readonly group: number,
  ) {}

  /** Memory of that many bytes. @throws DeviceError where there is none left */
  allocate(bytes: number): DeviceBuffer {
    const memory = this.allocateAll([bytes]);
    if (memory) return memory[0];
    throw this.full(bytes);
  }

  /** Memories of so many bytes each; null where not all of them fit. */
  allocateAll(sizes: readonly number[]): DeviceBuffer[] | null {
    const memories: DeviceBuffer[] = [];
    for (const bytes of sizes) {
      const size = Math.max(4, bytes);
      const handle = this.driver.create(size);
      if (handle === null) {
        for (const memory of memories) this.release(memory);
        return null;
      }
      memories.push({ handle, bytes: size, asked: size, argument: BigUint64Array.of(BigInt(handle)) });
    }
    return memories;
  }

  /** That there is no memory left for so many bytes. */
  full(bytes: number): DeviceError {
    const { name } = this.driver.found;
    return new DeviceError(`${name} has no memory left for ${bytes} bytes of the sampler`, NO_MEMORY[0]);
  }

  /** Memory that holds these numbers. */
  filled(numbers: Float32Array | Int32Array): DeviceBuffer {
    const memory = this.allocate(numbers.byteLength);
    if (numbers.length > 0) this.driver.write(memory, numbers);
    return memory;
  }

  release({ handle }: DeviceBuffer): void {
    this.driver.free(handle);
  }

  /** Groups with a work item for each of so many. */
  groupsOf(items: number): number {
    return Math.ceil(items / this.group);
  }

  /** Queues a kernel with that many groups. @throws DeviceError where the device cannot build it */
  run(name: string, groups: number, args: readonly (DeviceBuffer | number)[]): void {
    const { group } = this;
    const kernel = this.kernel(name);
    const { length } = kernel.parameters;
    if (length !== args.length) throw new Error(`${name} takes ${length} arguments, not ${args.length}`);
    kernel.set(args);
    kernel.queue({ global: [groups * group], local: [group] }, false);
  }

  /** Waits for all that is queued, and copies the first numbers of a buffer. */
  read(from: DeviceBuffer, into: Numbers): void {
    if (into.length > 0) this.driver.read(from, into, true);
  }

  private kernel(name: string): Kernel {
    const known = this.kernels.get(name);
    if (known) return known;
    const kernel = this.driver.build(this.source, name, '', this.group);
    this.kernels.set(name, kernel);
    return kernel;
  }
}
