import type { BackendModule } from '../backend.ts';
import { notInstalled } from '../packages.ts';
import { openTensorflow } from '../tensorflow/open.ts';

const PACKAGE = '@tensorflow/tfjs-node';

/** libtensorflow on the CPU. */
export const backend: BackendModule = {
  tfName: 'tensorflow',
  missing: () => notInstalled([PACKAGE], 'npm run setup:gpu -- node'),
  async open() {
    await openTensorflow(PACKAGE);
    return { detail: 'libtensorflow', gpu: false, form: 'plain' };
  },
};
