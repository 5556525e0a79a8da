import { expect, it } from 'vitest';
import { buildSecretWorld, buildWorld } from './build.ts';
import { BUILT_IN } from './built-in.ts';

const config = BUILT_IN.tiny;
const key = Uint8Array.from({ length: 16 }, (_, i) => 17 * i);
const flipped = (bit: number) => key.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

it('is drawn from the whole key: each bit gives another dictionary', async () => {
  const quick = { ...config, orthogonalization: null };
  const first = await buildSecretWorld(quick, key, 0);
  expect((await buildSecretWorld(quick, key, 0)).hash).toBe(first.hash);
  const others = [await buildSecretWorld(quick, key, 1)];
  for (let bit = 0; bit < 8 * key.length; bit++) others.push(await buildSecretWorld(quick, flipped(bit), 0));
  expect(new Set([first, ...others].map(({ hash }) => hash)).size).toBe(others.length + 1);
  const d = first.hiddenDim;
  for (const { featureVectors } of others) {
    // Directions of two draws are as far apart as any: a cosine of 0.9 in 24 dimensions does not happen.
    let cosine = 0;
    for (let k = 0; k < d; k++) cosine += first.featureVectors[k] * featureVectors[k];
    expect(Math.abs(cosine)).toBeLessThan(0.9);
  }
});

it('is of the kind of the public world: same sizes and probabilities, other directions, groups and magnitudes', async () => {
  const [secret, known] = [await buildSecretWorld(config, key, 0), await buildWorld(config)];
  expect([secret.numFeatures, secret.hiddenDim]).toEqual([known.numFeatures, known.hiddenDim]);
  expect(secret.baseProbabilities).toEqual(known.baseProbabilities);
  expect(secret.featureVectors).not.toEqual(known.featureVectors);
  expect(secret.stds).not.toEqual(known.stds);
  expect(secret.copula?.factor).not.toEqual(known.copula?.factor);
  const norms = Array.from({ length: 5 }, (_, i) =>
    Math.hypot(...secret.featureVectors.subarray(i * secret.hiddenDim, (i + 1) * secret.hiddenDim)),
  );
  for (const norm of norms) expect(norm).toBeCloseTo(1, 5);
});

it('refuses a key that can be tried out', async () => {
  await expect(buildSecretWorld(config, key.subarray(0, 15), 0)).rejects.toThrow('at least 128 are needed');
});
