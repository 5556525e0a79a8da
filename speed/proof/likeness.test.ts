import { expect, it } from 'vitest';
import { Sampler } from '#bench/sampler/sampler';
import { buildWorld } from '#bench/world/build';
import { parseConfig } from '#bench/world/config';
import { likenessOf } from './likeness.ts';

it('two samplers of one world are alike; of other probabilities they are not, nor where they draw nothing', async () => {
  const world = (exponent: number) =>
    buildWorld(
      parseConfig(
        {
          ...{ num_features: 400, hidden_dim: 4, seed: 1 },
          firing_probability: { exponent, max_prob: 0.4, min_prob: 0.005, generator_name: 'zipfian' },
        },
        'test',
      ),
    );
  const [one, other] = [await world(0.5), await world(0.55)];
  const trusted = new Sampler(one, 2, 'train');
  const alike = likenessOf(400, new Sampler(one, 1, 'train'), trusted, 8);
  expect(alike).toMatchObject({ features: 400, isAlike: true });
  expect(likenessOf(400, new Sampler(other, 1, 'train'), trusted, 8).isAlike).toBe(false);
  // The same rows again are no draw of their own.
  expect(likenessOf(400, trusted, trusted, 8)).toMatchObject({ rms: 0, isAlike: false });
});
