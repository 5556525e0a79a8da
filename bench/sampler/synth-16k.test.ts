import { it } from 'vitest';
import { Sampler } from './sampler.ts';
import { holds16k } from './testing/synth-16k.ts';

it('16k has the L0, the rates by depth and the norms of the released model', () =>
  holds16k((world, seed) => new Sampler(world, seed, 'test')));
