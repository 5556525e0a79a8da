import type { BackendModule } from '../backend.ts';
import { largeGoldenStep } from '../golden-step.ts';
import { isSoftwareAlone } from '../opencl/devices.ts';
import { missingOpenCl } from '../opencl/library.ts';

const UNTRIED = 'no card has run its kernels yet; --backend opencl takes it';

/**
 * The engine's own kernels on a device with an OpenCL driver, used only if the backend is asked for by name:
 * software is slower than `embedded`, and no card has run the kernels yet.
 */
export const backend: BackendModule = {
  tfName: 'opencl',
  missing: missingOpenCl,
  notByItself: () => (isSoftwareAlone() ? 'its only device is a CPU' : UNTRIED),
  async open() {
    const { openOpenCl } = await import('../opencl/open.ts');
    const { name, platform, version, kind } = await openOpenCl();
    return {
      detail: `${name}, ${platform}, driver ${version}${kind === 'software' ? ', in software' : ''}`,
      gpu: kind !== 'software',
      form: 'device',
      ...(kind === 'software' && { notByItself: 'its only device is a CPU' }),
      ...(kind === 'integrated' && { notByItself: 'its only device is inside the processor' }),
      ...(kind === 'card' && { notByItself: UNTRIED }),
    };
  },
  prove: largeGoldenStep,
};
