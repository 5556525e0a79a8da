import type { BackendModule } from '../backend.ts';
import { largeGoldenStep } from '../golden-step.ts';

/**
 * The engine's own backend: SIMD kernels on threads over one shared memory, and OpenBLAS for dense products
 * if the system has it.
 */
export const backend: BackendModule = {
  tfName: 'embedded',
  missing: () => null,
  async open() {
    const { openEmbedded } = await import('../embedded/open.ts');
    return { detail: await openEmbedded(), gpu: false, form: 'kernels' };
  },
  prove() {
    largeGoldenStep();
    return null;
  },
};
