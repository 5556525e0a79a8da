import type { BackendModule } from '../backend.ts';
import { largeGoldenStep } from '../golden-step.ts';
import { hasNoGpu } from '../opencl/devices.ts';
import { proveEncodes } from '../opencl/encodes.ts';
import { missingOpenCl } from '../opencl/library.ts';

/**
 * The engine's own kernels on a device with an OpenCL driver. One that computes on the processor is used only
 * if the backend is asked for by name: software is slower than `embedded`.
 */
export const backend: BackendModule = {
  tfName: 'opencl',
  missing: missingOpenCl,
  notByItself: () => (hasNoGpu() ? 'no GPU is here (none of /dev/nvidia*, /dev/dri, /dev/kfd)' : null),
  async open() {
    const { openOpenCl } = await import('../opencl/open.ts');
    const { name, platform, version, kind } = await openOpenCl();
    return {
      detail: `${name}, ${platform}, driver ${version}${kind === 'software' ? ', in software' : ''}`,
      gpu: kind !== 'software',
      form: 'device',
      ...(kind === 'software' && { notByItself: 'its only device is a CPU' }),
    };
  },
  prove() {
    largeGoldenStep();
    return proveEncodes();
  },
};
