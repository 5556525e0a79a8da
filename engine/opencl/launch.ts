import type { DeviceBuffer } from './buffers.ts';
import type { Group } from './programs.ts';

/** Arguments of a kernel, in the order of its parameters; null for a buffer that it does not use. */
export type Argument = DeviceBuffer | number | null;

/** Work items in up to three dimensions, and those of a group. */
export interface Range {
  global: readonly number[];
  local: readonly number[];
}

/** Arrays whose bytes are copied as they are. */
export type Numbers = Float32Array | Int32Array | Uint32Array | Float64Array;

/** What a launch moves between the device's memory and its kernel, in bytes, and computes. */
export interface Cost {
  bytesRead: number;
  bytesWritten: number;
  flops: number;
}

/** A launch as it was asked for. */
export interface Launch {
  group: Group;
  name: string;
  range: Range;
  args: readonly Argument[];
  defines: string;
  /** Whether the kernel writes to what an argument stands for. */
  outputs: readonly boolean[];
  /** What it moves and computes, where its arguments alone do not tell. */
  cost?: Cost;
  /** For a kernel over several members: the buffers of each by their roles, and the numbers of all. */
  batch?: { members: readonly (readonly DeviceBuffer[])[]; numbers: readonly number[] };
}

/** A launch with its arguments set, which can be queued again and again. */
export interface Prepared {
  queue(): void;
  dispose(): void;
}
