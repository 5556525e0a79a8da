import type { BackendModule } from '../backend.ts';
import { missingCuda } from '../cuda/library.ts';
import { largeGoldenStep } from '../golden-step.ts';
import { hasNoGpu } from '../opencl/devices.ts';
import { proveEncodes } from '../opencl/encodes.ts';

/** The engine's own kernels on an NVIDIA card by its CUDA driver alone. */
export const backend: BackendModule = {
  tfName: 'opencl',
  missing: missingCuda,
  notByItself: () => (hasNoGpu() ? 'no GPU is here (none of /dev/nvidia*, /dev/dri, /dev/kfd)' : null),
  async open() {
    const { openCuda } = await import('../cuda/open.ts');
    const { name, version, kind } = await openCuda();
    const isSoftware = kind === 'software';
    return {
      detail: `${name}, CUDA ${version}${isSoftware ? ', in software' : ''}`,
      gpu: !isSoftware,
      form: 'device',
      ...(isSoftware && { notByItself: 'its only device is a CPU' }),
    };
  },
  prove() {
    largeGoldenStep();
    return proveEncodes();
  },
};
