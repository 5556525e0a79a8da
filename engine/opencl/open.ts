import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { OpenClBackend } from './backend.ts';
import { Device } from './device.ts';
import { chooseDevice, type Found } from './devices.ts';
import { registerKernels } from './register.ts';

/** Work items of a group unless ENGINE_OPENCL_GROUP says otherwise. */
const GROUP = 256;
const GROUPS = [64, 128, 256];

/** Registers the backend with tfjs, once, and returns its device. */
export async function openOpenCl(): Promise<Found> {
  // The cpu backend's kernels run wherever the device has none.
  await import('@tensorflow/tfjs-backend-cpu');
  const existing = tf.findBackend('opencl') as OpenClBackend | null;
  if (existing) return existing.device.found;
  const found = chooseDevice();
  const backend = new OpenClBackend(new Device(found, groupWanted()));
  tf.registerBackend('opencl', () => backend);
  registerKernels('opencl');
  return found;
}

function groupWanted(): number {
  const text = process.env.ENGINE_OPENCL_GROUP;
  if (text === undefined) return GROUP;
  if (!GROUPS.includes(Number(text))) {
    throw new UserError(`ENGINE_OPENCL_GROUP=${text}: must be one of ${GROUPS.join(', ')}`);
  }
  return Number(text);
}
