import { missingCuda } from '#engine/cuda/library';
import { hasNoGpu } from '#engine/opencl/devices';
import type { World } from '../../world/world.ts';
import { Sampler } from '../sampler.ts';
import { disagreement } from './agreement.ts';
import { DeviceSampler } from './device-sampler.ts';
import { samplerDriver } from './drivers.ts';

/** What draws: `auto` is a card where there is one, else the processor, and never a driver in software. */
export const SAMPLERS = ['auto', 'processor', 'device'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * The sampler on a device that is asked for, after its rows agreed with those of the processor; null where
 * the processor draws. `auto` tells `say` why no card draws, where there may be one.
 * @throws DeviceError for `device` where none starts, Error where its rows are wrong
 */
export function openDeviceSampler(
  name: SamplerName,
  world: World,
  seed: number,
  say: (line: string) => void,
): DeviceSampler | null {
  if (name === 'processor') return null;
  if (name === 'device') return agreed(world, seed);
  // Both ways need the same package.
  if (missingCuda() !== null || hasNoGpu()) return null;
  try {
    return agreed(world, seed, ['card']);
  } catch (error) {
    say(`the processor draws: ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}

function agreed(world: World, seed: number, kinds?: Parameters<typeof samplerDriver>[0]): DeviceSampler {
  const sampler = new DeviceSampler(world, seed, samplerDriver(kinds));
  const wrong = disagreement(world, sampler, new Sampler(world, seed, 'train'));
  if (wrong !== null) throw new Error(`${sampler.label} draws wrongly: ${wrong}`);
  return sampler;
}
