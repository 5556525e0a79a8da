import type { BackendModule } from '../backend.ts';
import { missingCuda } from '../cuda/library.ts';
import { largeGoldenStep } from '../golden-step.ts';

/**
 * The engine's own kernels on an NVIDIA card by its CUDA driver alone, where that has no OpenCL. Used only if
 * the backend is asked for by name, since no card has run it yet.
 */
export const backend: BackendModule = {
  tfName: 'opencl',
  missing: missingCuda,
  notByItself: () => 'no card has run it yet; --backend cuda takes it',
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
  prove: largeGoldenStep,
};
