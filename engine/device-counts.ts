import { openClBackend } from './opencl/backend.ts';
import { type KernelWork, workOf } from './opencl/costs.ts';

export type { KernelWork } from './opencl/costs.ts';

/** What was done on a device since it was opened. */
export interface DeviceCounts {
  /** Kernels that were started. */
  launches: number;
  /** Times that this process waited for numbers of the device. */
  reads: number;
  bytesRead: number;
  bytesWritten: number;
}

/** The counts of the backend in use; null where it counts nothing. */
export function deviceCounts(): DeviceCounts | null {
  const device = openClBackend()?.device;
  return device ? { ...device.counts } : null;
}

/** What a replayed step does on the device, by kernel; null where no step is replayed. */
export function replayedWork(): KernelWork[] | null {
  const launches = openClBackend()?.device.replayable?.done ?? [];
  return launches.length > 0 ? workOf(launches) : null;
}

/** Milliseconds of each kernel on the device itself while `work` is done; empty on other backends. */
export function timeKernels(work: () => void): Record<string, number> {
  const device = openClBackend()?.device;
  device?.timeline.begin();
  work();
  device?.finish();
  const times = [...(device?.timeline.end() ?? [])];
  return Object.fromEntries(times.map(([name, { ms }]) => [name, ms]));
}
