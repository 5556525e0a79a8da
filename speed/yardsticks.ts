import { Random } from '#bench/random';
import { planOf } from '#bench/sampler/plan';
import { hiddenOf, referenceSample } from '#bench/sampler/reference';
import type { World } from '#bench/world/world';
import { type Ceilings, ceilings } from './machine.ts';
import { type Timing, timed } from './timing.ts';

/** The speeds that others are compared with, all measured in the same call. */
export interface Yardsticks {
  /** The plain reference pipeline, from random numbers to dense x, on one thread. */
  reference: Timing;
  machine: Ceilings;
}

/** The least work that one sample takes. */
export interface Cost {
  multiplyAdds?: number;
  /** Bytes of results, each written once. */
  bytes?: number;
}

export function yardsticks(world: World, seconds: number): Yardsticks {
  const few = Math.max(4, Math.round(2e6 / world.numFeatures));
  const reference = timed(seconds, few, (round) => {
    hiddenOf(world, referenceSample(world, few, new Random(0, 'bench', round)));
  });
  return { reference, machine: ceilings(seconds / 2) };
}

/** Compares a speed with the reference pipeline, and with what one thread can multiply and copy. */
export function against(
  { reference, machine }: Yardsticks,
  { samplesPerSecond }: { samplesPerSecond: number },
  { multiplyAdds, bytes }: Cost,
) {
  return {
    ratio: samplesPerSecond / reference.samplesPerSecond,
    ...(multiplyAdds && {
      shareOfMultiplyAdds: (samplesPerSecond * multiplyAdds) / machine.multiplyAddsPerSecond,
    }),
    ...(bytes && { shareOfCopy: (samplesPerSecond * bytes) / machine.copyBytesPerSecond }),
  };
}

/**
 * The cost of drawing a sample with that many active features: factors times loadings of roots and flat
 * features, then x.
 */
export function drawingCost(world: World, active: number): Required<Cost> {
  const { rank, top } = planOf(world);
  return { multiplyAdds: rank * top.length + active * world.hiddenDim, bytes: world.hiddenDim * 4 };
}
