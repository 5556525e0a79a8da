import * as tf from '@tensorflow/tfjs-core';
import type { BackendModule, Opened } from '../backend.ts';
import { load, notInstalled } from '../packages.ts';
import { catchDeviceEvents, letProcessEnd } from '../webgpu/events.ts';
import { installReadSync } from '../webgpu/read.ts';

const DAWN = 'webgpu';
const PACKAGE = '@tensorflow/tfjs-backend-webgpu';

interface Dawn {
  create(options: string[]): { requestAdapter(): Promise<Adapter | null> };
  globals: Record<string, unknown>;
}

interface Adapter {
  info: { vendor: string; device: string; description: string; isFallbackAdapter?: boolean };
}

let opened: Promise<Opened> | null = null;

/**
 * Any GPU with a Vulkan driver, by Dawn. A software driver is used only if the backend is asked for by name.
 */
export const backend: BackendModule = {
  tfName: 'webgpu',
  missing: () => notInstalled([DAWN, PACKAGE], 'npm run setup:gpu'),
  open() {
    // One device for the life of the process.
    opened ??= openDevice();
    return opened;
  },
};

async function openDevice(): Promise<Opened> {
  catchDeviceEvents();
  const { create, globals } = await load<Dawn>(DAWN);
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  // Without this check tfjs would silently select another backend.
  if (!adapter)
    throw new Error('no GPU with a Vulkan driver (npm run setup:gpu -- --probe says what is missing)');
  offer(gpu);
  await load(PACKAGE);
  await tf.setBackend('webgpu');
  if (tf.getBackend() !== 'webgpu') throw new Error('tfjs could not start WebGPU');
  installReadSync();
  letProcessEnd();
  const { device, description, isFallbackAdapter } = adapter.info;
  const software = isFallbackAdapter === true || /llvmpipe|swiftshader/i.test(device + description);
  return {
    detail: `${device || description}${software ? ', in software' : ''}`,
    gpu: !software,
    form: 'plain',
    ...(software && { notByItself: 'its only device is a CPU' }),
  };
}

/** Sets `navigator.gpu`, where tfjs looks for WebGPU. Node 21 and later have a `navigator` of their own. */
function offer(gpu: unknown): void {
  const host = globalThis as { navigator?: object };
  host.navigator ??= {};
  Object.defineProperty(host.navigator, 'gpu', { value: gpu, configurable: true });
}
