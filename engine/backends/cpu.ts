import type { BackendModule } from '../backend.ts';

/** tfjs in plain JavaScript: the slowest backend, and the reference for the others. */
export const backend: BackendModule = {
  tfName: 'cpu',
  missing: () => null,
  async open() {
    await import('@tensorflow/tfjs-backend-cpu');
    return { detail: 'plain JavaScript', gpu: false, form: 'kernels' };
  },
};
