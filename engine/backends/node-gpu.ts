import type { BackendModule } from '../backend.ts';
import { notInstalled } from '../packages.ts';
import { openTensorflow } from '../tensorflow/open.ts';

const PACKAGE = '@tensorflow/tfjs-node-gpu';

/**
 * libtensorflow on an NVIDIA GPU. Without a usable GPU it would compute on the CPU and only warn, so `open`
 * throws.
 */
export const backend: BackendModule = {
  tfName: 'tensorflow',
  missing: () => notInstalled([PACKAGE], 'npm run setup:gpu'),
  async open() {
    const { usesGpu } = await openTensorflow(PACKAGE);
    if (!usesGpu) {
      throw new Error(
        `${PACKAGE} found no GPU that it can use (npm run setup:gpu -- --probe says what is missing)`,
      );
    }
    return { detail: 'libtensorflow, CUDA', gpu: true, form: 'plain' };
  },
};
