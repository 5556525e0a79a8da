import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { homeOf } from '#host/worktree';
import type { NamedWorld } from '../worlds.ts';
import { type ProbeOptions, probeScores } from './probes.ts';

const CEILINGS = join(homeOf(join(import.meta.dirname, '..', '..')), 'state', 'ceilings');

/**
 * A measured ceiling with the protocol it was measured by: the content of a file in state/ceilings/ and of
 * the printed line.
 */
const Ceiling = z.object({
  world: z.object({ name: z.string(), hash: z.string() }),
  protocol: z.object({
    width: z.number(),
    fitSamples: z.number(),
    testSamples: z.number(),
    batch: z.number(),
    learningRate: z.number(),
    seed: z.number(),
  }),
  f1: z.number(),
  precision: z.number(),
  recall: z.number(),
  perFeature: z.array(z.number()),
  seconds: z.number(),
  at: z.string(),
});
type Ceiling = z.infer<typeof Ceiling>;

/**
 * The probe ceiling of a world (see `probeScores`), cached by the world's hash and the protocol.
 * @throws UserError where the world has fewer features than the protocol has probes.
 */
export function probeCeiling(
  { name, world }: NamedWorld,
  protocol: ProbeOptions,
  onProgress?: (done: number, of: number) => void,
  folder = CEILINGS,
): Ceiling {
  if (protocol.width > world.numFeatures) {
    throw new UserError(
      `world ${name} has ${world.numFeatures} features, fewer than the ${protocol.width} probes asked for; give --width`,
    );
  }
  const { width, fitSamples, testSamples, batch, learningRate, seed } = protocol;
  const key = [world.hash.slice(0, 16), width, fitSamples, testSamples, batch, learningRate, seed].join('-');
  const path = join(folder, `${key}.json`);
  if (existsSync(path)) return Ceiling.parse(JSON.parse(readFileSync(path, 'utf8')));
  const started = performance.now();
  const scores = probeScores(world, protocol, onProgress);
  const ceiling: Ceiling = {
    world: { name, hash: world.hash },
    protocol: { width, fitSamples, testSamples, batch, learningRate, seed },
    ...scores,
    seconds: Math.round(performance.now() - started) / 1000,
    at: new Date().toISOString(),
  };
  writeJsonAtomic(path, ceiling);
  return ceiling;
}
