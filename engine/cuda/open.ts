import type { Found } from '../opencl/devices.ts';
import { registerDevice, registeredDevice } from '../opencl/register-device.ts';
import { CudaDriver } from './cuda-driver.ts';
import { chooseCudaDevice } from './devices.ts';
import { ITEMS } from './variants.ts';

/** Registers the backend with tfjs, once, and returns its device. */
export async function openCuda(): Promise<Found> {
  const existing = registeredDevice();
  if (existing?.driver instanceof CudaDriver) return existing.found;
  const found = chooseCudaDevice();
  await registerDevice(new CudaDriver(found), ITEMS);
  return found;
}
