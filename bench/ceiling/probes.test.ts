import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sampler } from '../sampler/sampler.ts';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import type { World } from '../world/world.ts';
import { probeCeiling } from './ceiling.ts';
import { type ProbeOptions, probeScores } from './probes.ts';

const folder = mkdtempSync(join(tmpdir(), 'ceilings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options: ProbeOptions = {
  width: 8,
  fitSamples: 30_000,
  testSamples: 10_100,
  batch: 256,
  learningRate: 0.05,
  seed: 1,
};

/** Twelve features of one magnitude: in 12 dimensions a linear probe can be perfect, in 6 it cannot. */
async function world(features: number, dimensions: number): Promise<World> {
  return buildWorld(
    parseConfig(
      {
        num_features: features,
        hidden_dim: dimensions,
        firing_probability: { generator_name: 'linear', max_prob: 0.3, min_prob: 0.1 },
        orthogonalization: { num_steps: 400, lr: 0.01 },
        seed: 3,
      },
      'test',
    ),
    () => {},
  );
}

/** F1 of always saying "active", the better of the two trivial classifiers: 2p / (1 + p). */
function trivial(w: World, { width, testSamples, seed }: ProbeOptions): number {
  const { features } = new Sampler(w, seed, 'trivial').sample(0, testSamples);
  let sum = 0;
  for (let j = 0; j < width; j++) {
    const p = features.filter((feature) => feature === j).length / testSamples;
    sum += (2 * p) / (1 + p);
  }
  return sum / width;
}

describe('the probe ceiling', () => {
  it('is 1 where features are orthogonal and of one magnitude', async () => {
    const scores = probeScores(await world(12, 12), options);
    expect(scores.f1).toBeGreaterThan(0.999);
    expect(scores.precision).toBeGreaterThan(0.999);
    expect(scores.recall).toBeGreaterThan(0.999);
  });

  it('lies between the trivial classifier and 1 in superposition', async () => {
    const w = await world(12, 6);
    const { f1, perFeature } = probeScores(w, options);
    expect(f1).toBeGreaterThan(trivial(w, options) + 0.2);
    expect(f1).toBeLessThan(0.99);
    expect(perFeature).toHaveLength(8);
    expect(perFeature.reduce((a, b) => a + b) / 8).toBeCloseTo(f1, 12);
  });

  it('takes batches that are no multiple of four rows, and says how far it is', async () => {
    const seen: number[] = [];
    const odd = { ...options, batch: 333, testSamples: 1001 };
    probeScores(await world(12, 12), odd, (done, of) => seen.push(done / of));
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('is measured once for a world and a protocol', async () => {
    const named = { name: 'tiny', world: await world(12, 12) };
    const first = probeCeiling(named, options, undefined, folder);
    expect(probeCeiling(named, options, undefined, folder)).toEqual(first);
    expect(readdirSync(folder)).toHaveLength(1);
    probeCeiling(named, { ...options, seed: 2 }, undefined, folder);
    expect(readdirSync(folder)).toHaveLength(2);
    expect(() => probeCeiling(named, { ...options, width: 13 }, undefined, folder)).toThrow(
      'world tiny has 12 features, fewer than the 13 probes asked for; give --width',
    );
  });
});
