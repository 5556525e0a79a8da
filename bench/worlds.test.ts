import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { SYNTH_16K_RELEASE } from './hub/released.ts';
import { Sampler } from './sampler/sampler.ts';
import { SYNTH_16K } from './world/config.ts';
import { placements } from './world/forest.ts';
import { openWorld, worldConfig } from './worlds.ts';

const root = mkdtempSync(join(tmpdir(), 'worlds-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const released = process.env.WORLD_DIR;
afterEach(() => {
  if (released === undefined) delete process.env.WORLD_DIR;
  else process.env.WORLD_DIR = released;
});

describe('worlds', () => {
  it('the small one has 16k’s structure and the L0 that its profile counts on', async () => {
    const { world } = await openWorld('small');
    const batch = new Sampler(world, 0, 'test').sample(0, 50_000);
    const trueL0 = batch.features.length / batch.rows;
    const first = batch.features.filter((feature) => feature < world.numFeatures / 4).length / batch.rows;
    expect(trueL0).toBeGreaterThan(first);
    expect(first).toBeGreaterThan(3.4);
    expect(first).toBeLessThan(3.7);
    expect(world.copula?.rank).toBe(25);
    expect(world.forest.roots.every((node) => node.mutually_exclusive_children)).toBe(true);
    // Superposition: features are far from orthogonal to each other.
    expect(world.numFeatures).toBeGreaterThan(4 * world.hiddenDim);
  });

  it('of a config are built once and read back the same', async () => {
    const path = join(root, 'mine.json');
    writeFileSync(path, JSON.stringify({ num_features: 7, hidden_dim: 3, seed: 5 }));
    const first = (await openWorld(path)).world;
    expect((await openWorld(path)).world).toEqual(first);
    expect(worldConfig(path)).toEqual(first.config);
  });

  it.each([
    ['tiny', 1.74, 1.26],
    ['small', 4.7, 3.57],
    ['medium', 16.1, 12.2],
  ])('%s has the L0 that the README tells', async (name, l0, first) => {
    const { world } = await openWorld(name);
    const { features, rows } = new Sampler(world, 0, 'test').sample(0, 20_000);
    expect(Math.abs(features.length / rows - l0)).toBeLessThan(0.02 * l0 + 0.05);
    const inFirst = features.filter((feature) => feature < world.numFeatures / 4).length;
    expect(Math.abs(inFirst / rows - first)).toBeLessThan(0.02 * first + 0.05);
    // As at 16k two thirds of the features stand in trees of depth 3.
    expect(placements(world.forest).length / world.numFeatures).toBeCloseTo(10_880 / 16_384, 2);
  });

  it('take a seed of one’s own: another world of the same kind', async () => {
    const mine = await openWorld('tiny:seed=7');
    expect(mine.world.hash).not.toBe((await openWorld('tiny')).world.hash);
    const tiny = worldConfig('tiny');
    const correlation = { ...tiny.correlation, seed: null };
    expect(mine.world.config).toEqual({ ...tiny, seed: 7, correlation });
    expect(worldConfig('synth-16k:seed=7')).toEqual({ ...SYNTH_16K, seed: 7 });
  });

  it.each([
    ['small:seed=-1', /seed of world "small:seed=-1" must be a whole number/],
    ['small:seed=', /seed of world "small:seed=" must be a whole number/],
    [
      'atlantis:seed=1',
      /unknown world "atlantis" before ":seed="; there are: tiny, small, medium, synth-16k/,
    ],
  ])('refuses %s', (name, message) => {
    expect(() => worldConfig(name)).toThrow(message);
  });

  it('that are not here are named with what to do', async () => {
    process.env.WORLD_DIR = root;
    await expect(openWorld('synth-16k')).rejects.toThrow(
      /synthetic_model_config\.json, synthetic_model\.safetensors and hierarchy\.json .* into .*worlds-/,
    );
    await expect(openWorld('atlantis')).rejects.toThrow(
      /unknown world "atlantis"; there are: tiny, small, medium, synth-16k, each with a seed/,
    );
  });

  it('are not synth-16k by their names alone: its files are the released ones', async () => {
    process.env.WORLD_DIR = join(root, 'altered');
    mkdirSync(process.env.WORLD_DIR);
    for (const { name } of SYNTH_16K_RELEASE.files) writeFileSync(join(process.env.WORLD_DIR, name), '{}');
    await expect(openWorld('synth-16k')).rejects.toThrow(
      /altered.synthetic_model_config\.json: is not the released file .*; remove it and run `npm run fetch`$/,
    );
  });
});
