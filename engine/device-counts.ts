import { openClBackend } from './opencl/backend.ts';

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
