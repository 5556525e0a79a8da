import { it } from 'vitest';
import { noDevice } from '#engine/opencl/testing/here';
import { holds16k } from '../testing/synth-16k.ts';
import { DeviceSampler } from './device-sampler.ts';

// A driver in software takes much longer for a row of 16k than the processor's own sampler.
it.skipIf(noDevice)(
  '16k on a device has the L0, the rates by depth and the norms of the released model',
  () => holds16k((world, seed) => new DeviceSampler(world, seed), 4),
);
