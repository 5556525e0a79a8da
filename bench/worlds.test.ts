import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Sampler } from './sampler/sampler.ts';
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

  it('that are not here are named with what to do', async () => {
    process.env.WORLD_DIR = root;
    await expect(openWorld('synth-16k')).rejects.toThrow(
      /synthetic_model_config\.json, synthetic_model\.safetensors and hierarchy\.json .* into .*worlds-/,
    );
    await expect(openWorld('atlantis')).rejects.toThrow(
      /unknown world "atlantis"; there are: small, synth-16k/,
    );
  });
});
