import { expect, it } from 'vitest';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { byRate, type LatentRow, opaqueIds } from './latents.ts';

it('names features by ids that stay, and that hang on the dictionary and not on what is published', async () => {
  const world = await buildWorld(parseConfig({ num_features: 40, hidden_dim: 8, seed: 1 }, 'test'));
  const ids = opaqueIds(world);
  expect([...ids].sort()).toEqual(Array.from({ length: 40 }, (_, i) => `F${String(i).padStart(2, '0')}`));
  expect(ids).not.toEqual([...ids].sort());
  expect(opaqueIds({ ...world, hash: 'another' })).toEqual(ids);
  const featureVectors = world.featureVectors.slice();
  featureVectors[0] += 1e-6;
  expect(opaqueIds({ ...world, featureVectors })).not.toEqual(ids);
});

it('groups every latent by its rate, also where its feature always fires', () => {
  const rows = [0, 0.001, 0.05, 1].map((featureRate) => ({ featureRate, f1: 1 }) as LatentRow);
  const groups = byRate(rows);
  expect(groups.map(({ name, latents }) => [name, latents])).toEqual([
    ['0 to 0.1 %', 1],
    ['0.1 to 0.3 %', 1],
    ['3 to 10 %', 1],
    ['10 to 100 %', 1],
  ]);
});
