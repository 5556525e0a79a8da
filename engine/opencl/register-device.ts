import * as tf from '@tensorflow/tfjs-core';
import { OpenClBackend } from './backend.ts';
import { Device } from './device.ts';
import type { Driver } from './driver.ts';
import { registerKernels } from './register.ts';

/** What tfjs calls our kernels on a device, whichever driver runs them. */
const NAME = 'opencl';

/** The device that is registered with tfjs, as it was at first; null where there is none. */
export function registeredDevice(): Device | null {
  const device = (tf.findBackend(NAME) as OpenClBackend | null)?.device ?? null;
  if (device) device.encodes = 'fp32';
  return device;
}

/** Registers a device with tfjs. One by another driver is given up, with its tensors. */
export async function registerDevice(driver: Driver, group: number): Promise<void> {
  // The cpu backend's kernels run wherever the device has none.
  await import('@tensorflow/tfjs-backend-cpu');
  const isFirst = registeredDevice() === null;
  if (!isFirst) tf.removeBackend(NAME);
  const backend = new OpenClBackend(new Device(driver, group));
  tf.registerBackend(NAME, () => backend);
  if (isFirst) registerKernels(NAME);
}
