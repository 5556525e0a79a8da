import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { noSandbox } from '#host/sandbox';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { Encoder, EncoderError } from './encoder.ts';
import { type Measurement, measure, metricsOf } from './measure.ts';

const root = mkdtempSync(join(tmpdir(), 'encoder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const world = await buildWorld(parseConfig({ num_features: 20, hidden_dim: 64, seed: 1 }, 'test'));
/** A checkpoint with the directions of the first features, repeated where there are more latents. */
function checkpointOf(latents: number): string {
  const path = join(root, `${latents}.safetensors`);
  const data = new Float32Array(latents * 64);
  for (let at = 0; at < data.length; at++) data[at] = world.featureVectors[at % (16 * 64)];
  writeSafetensors(path, {
    tensors: new Map([
      ['W_dec', { shape: [latents, 64], data }],
      ['b_dec', { shape: [64], data: world.bias }],
    ]),
    metadata: {},
  });
  return path;
}

async function measureWith(
  lie: string,
  { latents = 16, stallSeconds = 120, of = world } = {},
): Promise<Measurement> {
  const argv = ['node', join(import.meta.dirname, 'testing/encoder.mjs'), '--lie', lie];
  const checkpoint = checkpointOf(latents);
  const encoder = { checkpoint, argv, cwd: root, sandbox: noSandbox('test'), log: join(root, `${lie}.log`) };
  const started = await Encoder.start({ ...encoder, stallSeconds }, 64, 1024);
  try {
    return await measure(of, started, { samples: 6000, seed: 0 });
  } finally {
    await started.stop();
  }
}

describe('an encoder that is not to be trusted', () => {
  it.each([
    ['crash', /ended with exit code 1: .*W_enc is missing/],
    ['hang', /answered nothing for 1 s/],
    ['magic', /does not begin with SAECODE1/],
    ['rows', /answers 1023 rows to a batch of 1024/],
    ['range', /names latent 16 of 16/],
    ['order', /not in ascending order/],
    ['nan', /activations that are not finite/],
    ['short', /ended before the codes of a batch were whole/],
    ['shape', /says d_in 65, the activations have 64/],
    ['decoder', /decoder has numbers that are not finite/],
    ['form', /does not answer in the training form/],
    ['norm', /says row_norm layer_norm, which no run may/],
    ['batch-norm', /its header is wrong: row_norm: /],
    ['huge', /its reconstruction overflows, so \w+ is not a number/],
  ])('%s', async (lie, message) => {
    const error = await measureWith(lie, lie === 'hang' ? { stallSeconds: 1 } : {})
      .then(metricsOf)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EncoderError);
    expect((error as EncoderError).message).toMatch(message);
    expect((error as EncoderError).exitCode).toBe(1);
  });

  it('is measured when it tells the truth', async () => {
    expect((await measureWith('none')).evaluations.size).toBe(2);
  });

  it('may not have more latents than the cosines of it fit', async () => {
    const wide = { ...world, numFeatures: 2 ** 26 };
    await expect(measureWith('none', { of: wide })).rejects.toThrow(
      'd_sae 16; at most 8 latents are measured in a world of 67108864 features',
    );
  });

  it('may not announce more codes than the judge can hold', async () => {
    await expect(measureWith('flood', { latents: 40_000 })).rejects.toThrow(
      'says 40960000 codes for 1024 rows; at most 33554432 are read',
    );
  });

  it('may answer more than any pipe holds before it reads on', async () => {
    const { evaluations } = await measureWith('dense', { latents: 1024 });
    expect(evaluations.get('training')?.metrics().l0).toBe(1024);
  });
});
