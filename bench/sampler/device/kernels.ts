import type { Variant } from '#engine/cuda/variants';
import type { Source } from '#engine/opencl/programs';

export const SAMPLER: Source = { name: 'sampler', folder: new URL('./', import.meta.url) };
/** Work items of a group: one row. */
export const GROUP = 128;

/** Factors of the copula and levels of the forest that kernels have room for; a world takes the first. */
const ROOMS = [
  { rank: 32, levels: 4 },
  { rank: 1024, levels: 16 },
];

/** The macros of the kernels for a world. Only OpenCL builds them where it is larger than all rooms. */
export function macrosFor(rank: number, levels: number): string[] {
  const room = ROOMS.find((one) => rank <= one.rank && levels <= one.levels) ?? { rank, levels };
  return [`RANK=${room.rank}`, `LEVELS=${room.levels}`];
}

/** What PTX is built for: every world up to 1,024 factors and 16 levels. */
export const VARIANTS: readonly Variant[] = ROOMS.map(({ rank, levels }) => ({
  of: SAMPLER,
  macros: [`GROUP=${GROUP}`, ...macrosFor(rank, levels)],
}));
