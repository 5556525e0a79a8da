import { noDevice } from '#engine/opencl/testing/here';
import type { World } from '../../world/world.ts';
import { DeviceSampler } from '../device/device-sampler.ts';
import { Sampler, type SparseRows } from '../sampler.ts';

export interface Drawing {
  sample(index: number, rows: number, x?: Float32Array): SparseRows;
}

/** Every sampler that has to draw from the same distributions, and why it cannot be tested here. */
export const samplers: readonly {
  where: string;
  open(world: World, seed: number): Drawing;
  missing: string | null;
}[] = [
  { where: 'on the processor', open: (world, seed) => new Sampler(world, seed, 'test'), missing: null },
  { where: 'on a device', open: (world, seed) => new DeviceSampler(world, seed), missing: noDevice },
];
