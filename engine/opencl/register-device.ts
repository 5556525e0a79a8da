import * as tf from '@tensorflow/tfjs-core';
import { OpenClBackend } from './backend.ts';
import { Device } from './device.ts';
import type { Driver } from './driver.ts';
import { registerKernels } from './register.ts';

/** What tfjs calls our kernels on a device, whichever driver runs them. */
const NAME = 'opencl';

/** The driver of the device that is registered with tfjs; null where there is none. */
export function registeredDriver(): Driver | null {
  const existing = tf.findBackend(NAME) as OpenClBackend | null;
  return existing?.device.driver ?? null;
}

/** Registers a device with tfjs. One by another driver is given up, with its tensors. */
export async function registerDevice(driver: Driver, group: number): Promise<void> {
  // The cpu backend's kernels run wherever the device has none.
  await import('@tensorflow/tfjs-backend-cpu');
  const isFirst = registeredDriver() === null;
  if (!isFirst) tf.removeBackend(NAME);
  const backend = new OpenClBackend(new Device(driver, group));
  tf.registerBackend(NAME, () => backend);
  if (isFirst) registerKernels(NAME);
}
