import { chooseDevice, hasNoGpu } from '#engine/opencl/devices';
import { missingOpenCl } from '#engine/opencl/library';
import type { World } from '../../world/world.ts';
import { Sampler } from '../sampler.ts';
import { disagreement } from './agreement.ts';
import { DeviceSampler } from './device-sampler.ts';

/** What draws: `auto` is a card where there is one, else the processor, and never a driver in software. */
export const SAMPLERS = ['auto', 'processor', 'device'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * The sampler on a device that is asked for, after its rows agreed with those of the processor; null where
 * the processor draws. `say` is told why a card that is there does not draw.
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
  if (missingOpenCl() !== null || hasNoGpu()) return null;
  try {
    if (chooseDevice().kind !== 'card') return null;
    return agreed(world, seed);
  } catch (error) {
    say(`the processor draws: ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}

function agreed(world: World, seed: number): DeviceSampler {
  const sampler = new DeviceSampler(world, seed);
  const wrong = disagreement(world, sampler, new Sampler(world, seed, 'train'));
  if (wrong !== null) throw new Error(`${sampler.found.name} draws wrongly: ${wrong}`);
  return sampler;
}
