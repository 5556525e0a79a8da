import type { Variant } from '#engine/cuda/variants';
import type { Source } from '#engine/opencl/programs';

export const SAMPLER: Source = {
  name: 'sampler',
  folder: new URL('./', import.meta.url),
  parts: ['kernels/random', 'kernels/tops', 'kernels/entries', 'kernels/rows'],
};
/** Work items of a group. */
export const GROUP = 128;
/** Rows whose factors lie together, as kernels/random.cl has it. */
export const BLOCK = 8;

/** What PTX is built for: every world. */
export const VARIANTS: readonly Variant[] = [{ of: SAMPLER, macros: [`GROUP=${GROUP}`] }];
