import { holdsPtx } from '#engine/cuda/testing/holds-ptx';
import { VARIANTS } from './kernels.ts';

holdsPtx(VARIANTS);
