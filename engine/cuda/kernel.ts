import type { DeviceBuffer } from '../opencl/buffers.ts';
import type { Kernel, Mark } from '../opencl/driver.ts';
import type { Range } from '../opencl/launch.ts';
import { DeviceError } from '../opencl/library.ts';
import type { Parameter } from '../opencl/programs.ts';
import { check } from './errors.ts';
import type { Events } from './events.ts';
import { cudaLibrary } from './library.ts';

/** Of cuda.h: what a pointer of the extra parameters stands for. */
const EXTRA = { end: 0n, buffer: 1n, size: 2n };
/** Groups in the second and the third dimension that a card takes; in the first it takes 2^31. */
const MOST_GROUPS = 65535;
/** A 64-bit size before the arguments, so that they lie as they would in the driver. */
const SIZE_BYTES = 8;

/** Where each argument lies among the others, as PTX lays its parameters out, and how many bytes all take. */
function layoutOf(parameters: readonly Parameter[]): { offsets: number[]; bytes: number } {
  const offsets: number[] = [];
  let bytes = 0;
  for (const parameter of parameters) {
    const size = parameter === 'buffer' || parameter === 'output' ? 8 : 4;
    bytes = Math.ceil(bytes / size) * size;
    offsets.push(bytes);
    bytes += size;
  }
  return { offsets, bytes };
}

/**
 * A kernel of a module. Its arguments lie in one block of memory, which the driver copies when it is queued:
 * so the driver holds their size against what the PTX declares.
 */
export class CudaKernel implements Kernel {
  private readonly library = cudaLibrary();
  private readonly offsets: readonly number[];
  private readonly values: DataView;
  private readonly extra: BigUint64Array;

  constructor(
    private readonly handle: number,
    readonly parameters: readonly Parameter[],
    private readonly stream: number,
    private readonly events: Events,
    /** For errors: the device and the kernel. */
    private readonly what: string,
  ) {
    const { offsets, bytes } = layoutOf(parameters);
    const memory = new ArrayBuffer(SIZE_BYTES + bytes);
    this.offsets = offsets;
    this.values = new DataView(memory);
    this.values.setBigUint64(0, BigInt(bytes), true);
    const address = this.library.addressOf(memory);
    const values = address + BigInt(SIZE_BYTES);
    this.extra = BigUint64Array.of(EXTRA.buffer, values, EXTRA.size, address, EXTRA.end);
  }

  set(args: readonly (DeviceBuffer | number)[]): void {
    for (const [i, value] of args.entries()) {
      const at = SIZE_BYTES + this.offsets[i];
      if (typeof value !== 'number') this.values.setBigUint64(at, value.argument[0], true);
      else if (this.parameters[i] === 'int') this.values.setInt32(at, value, true);
      else this.values.setFloat32(at, value, true);
    }
  }

  queue({ global, local }: Range, isTimed: boolean): Mark | null {
    const groups = (i: number) => (i < global.length ? Math.ceil(global[i] / local[i]) : 1);
    const most = Math.max(groups(1), groups(2));
    if (most > MOST_GROUPS) {
      throw new DeviceError(`${this.what}: ${most} rows of groups, and a card takes ${MOST_GROUPS}`, 0);
    }
    const { stream, events, handle, extra } = this;
    const items = [local[0], local[1] ?? 1, local[2] ?? 1] as const;
    const time = isTimed ? events.begin(stream) : null;
    // Local memory is of fixed size in the kernels, so none is asked for here.
    const code = this.library.cuda.launchKernel(
      ...[handle, groups(0), groups(1), groups(2), ...items, 0, stream, null, extra],
    );
    check(code, this.what);
    if (time) events.end(time, stream);
    return time;
  }

  /** Kernels belong to their module. */
  dispose(): void {}
}
