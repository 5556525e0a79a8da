import type { DeviceBuffer } from './buffers.ts';
import type { Found } from './devices.ts';
import type { Numbers, Prepared, Range } from './launch.ts';
import type { Group, Parameter, Source } from './programs.ts';

/** An event of a driver, by its handle. */
export type Mark = BigUint64Array;

/** A kernel that a driver has built. */
export interface Kernel {
  readonly parameters: readonly Parameter[];
  /** Sets all its arguments, one for each parameter; later launches have them until they are set again. */
  set(args: readonly (DeviceBuffer | number)[]): void;
  /** Queues it over that range, in whole groups. Returns the event of its time if that is wanted. */
  queue(range: Range, isTimed: boolean): Mark | null;
  dispose(): void;
}

/**
 * What `Device` needs of a driver: one queue that runs in order, and a second one for numbers that come while
 * the first computes. Each call that fails is a DeviceError of one line.
 */
export interface Driver {
  readonly found: Found;
  /**
   * Memory of this process that the device reads and writes by itself, until the process ends: copies from
   * and to it are faster. Its content is undefined. Null where there is none.
   */
  hostMemory(bytes: number): ArrayBuffer | null;
  /** Memory by its handle; null where there is none left. */
  create(bytes: number): number | null;
  free(handle: number): void;
  /** Bytes that no program uses on the device, where the driver knows it. */
  bytesLeft?(): number;
  /** A kernel of its own, for groups of that many work items and with these macros. */
  build(kernels: Group | Source, name: string, defines: string, items: number): Kernel;
  /** Queues a copy of some bytes to the begin of a buffer. Returns the event of its end if that is wanted. */
  copy(from: DeviceBuffer, at: number, to: DeviceBuffer, bytes: number, withEvent: boolean): Mark | null;
  /** Queues a copy of the first numbers of a buffer; `wait` for it and all before it. */
  read(from: DeviceBuffer, into: Numbers, wait: boolean): void;
  /** Queues that numbers are in a buffer. The array may change as soon as this returns. */
  write(into: DeviceBuffer, from: Numbers): void;
  /** The same beside the queue, from byte `at` on, once `after` has come; copies queued later see them. */
  stage(into: DeviceBuffer, at: number, from: Numbers, after: Mark | null): void;
  release(mark: Mark): void;
  /** Milliseconds that a timed launch took, which has ended. Releases its event. */
  milliseconds(mark: Mark): number;
  /** Has the device begin what is queued. */
  flush(): void;
  /** Waits for all that is queued. */
  finish(): void;
  /** The launches that `queue` makes, not done but as one launch, where the driver has that. */
  readonly graph?: (queue: () => void) => Prepared;
}
