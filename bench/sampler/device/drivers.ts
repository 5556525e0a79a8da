import { CudaDriver } from '#engine/cuda/cuda-driver';
import { chooseCudaDevice } from '#engine/cuda/devices';
import { chooseDevice, type Found } from '#engine/opencl/devices';
import type { Driver } from '#engine/opencl/driver';
import { DeviceError } from '#engine/opencl/library';
import { OpenClDriver } from '#engine/opencl/opencl-driver';

type Kind = Found['kind'];
const BEST_FIRST: readonly Kind[] = ['card', 'integrated', 'software'];

const WAYS = {
  opencl: { choose: () => chooseDevice(), start: OpenClDriver },
  cuda: { choose: chooseCudaDevice, start: CudaDriver },
} as const;
export type Way = keyof typeof WAYS;

/** By device: a context and a build take a second where there is no cache. */
const started = new Map<string, Driver>();

/**
 * The device that draws: the best kind that OpenCL or the CUDA driver offers, by OpenCL where both do.
 * @throws DeviceError where there is none of those kinds, with the reasons of both
 */
export function samplerDriver(kinds: readonly Kind[] = BEST_FIRST): Driver {
  const { one, start } = chosen(kinds);
  const key = `${one.platform} ${one.id}`;
  const driver = started.get(key) ?? new start(one);
  started.set(key, driver);
  return driver;
}

/** The device of one way, of whichever kind. @throws DeviceError where it has none */
export function driverBy(way: Way): Driver {
  const { choose, start } = WAYS[way];
  return new start(choose());
}

/** The same as `samplerDriver` without starting it. */
export const samplerDevice = (): Found => chosen(BEST_FIRST).one;

function chosen(kinds: readonly Kind[]) {
  const reasons: string[] = [];
  const found = Object.values(WAYS).flatMap(({ choose, start }) => {
    try {
      const one = choose();
      if (kinds.includes(one.kind)) return [{ one, start }];
      reasons.push(`${one.platform} offers no card`);
    } catch (error) {
      reasons.push((error as Error).message);
    }
    return [];
  });
  const [best] = found.sort((a, b) => BEST_FIRST.indexOf(a.one.kind) - BEST_FIRST.indexOf(b.one.kind));
  if (!best) throw new DeviceError(reasons.join('; '), 0);
  return best;
}
