import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { type Confinement, noSandbox } from '#host/sandbox';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { measureCheckpoint, measureCheckpoints } from './case.ts';
import { Encoder, EncoderError } from './encoder.ts';
import { type Measurement, measureTogether } from './measure.ts';

const D = 16;
const root = mkdtempSync(join(tmpdir(), 'together-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
// The encoder is a file of this checkout, which a sandbox of another folder may hide.
process.env.LOOP_SANDBOX = 'off (test)';

const world = await buildWorld(parseConfig({ num_features: 20, hidden_dim: D, seed: 1 }, 'test'));
/** A checkpoint whose latents have the directions of the features from `first` on. */
function checkpointOf(first: number, latents: number): string {
  const path = join(root, `${first}-${latents}.safetensors`);
  const data = world.featureVectors.slice(first * D, (first + latents) * D);
  writeSafetensors(path, {
    tensors: new Map([
      ['W_dec', { shape: [latents, D], data }],
      ['b_dec', { shape: [D], data: world.bias }],
    ]),
    metadata: {},
  });
  return path;
}
const checkpoints = [checkpointOf(0, 12), checkpointOf(3, 16), checkpointOf(7, 8)];

const encoding = (lie: string) => ({
  argv: ['node', join(import.meta.dirname, 'testing/encoder.mjs'), '--lie', lie],
  ...{ cwd: root, log: join(root, `${lie}.log`) },
});
const how = { seed: Buffer.alloc(16, 7), stallSeconds: 120 };
const samples = 3000;
const together = (lie: string, stallSeconds = how.stallSeconds) => {
  const [checkpoint, ...also] = checkpoints;
  const asked = { ...encoding(lie), checkpoint, also };
  return measureCheckpoints({ name: 'test', world }, asked, samples, { ...how, stallSeconds });
};
/** All that was counted, in all forms. */
const numbers = ({ evaluations, matching }: Measurement) => ({
  matching,
  forms: [...evaluations].map(([form, evaluation]) => [form, evaluation.metrics()]),
});

// The threshold of `memory` rises with each batch that its process has seen: it is as far with several.
it.each(['none', 'batchtopk', 'memory'])(
  'measures several checkpoints by one process as each by its own, to the last bit: %s',
  async (lie) => {
    const all = await together(lie);
    expect(all.map(({ matching }) => matching.best.length)).toEqual([12, 16, 8]);
    for (const [at, checkpoint] of checkpoints.entries()) {
      const asked = { ...encoding(lie), checkpoint };
      const alone = await measureCheckpoint({ name: 'test', world }, asked, samples, how);
      expect(numbers(all[at])).toEqual(numbers(alone));
    }
  },
);

it.each([
  ['second-crash', /ended with exit code 1: .*one too many/],
  ['second-hang', /answered nothing for 1 s/],
  ['swapped', /answers for checkpoint 1 where that at 0 of 3 is due/],
  ['last', /answers for checkpoint unknown where that at 0 of 3 is due/],
  ['norm', /says row_norm layer_norm, which no run may/],
  ['nan', /activations that are not finite/],
])('gives nothing of a process that fails for one of them: %s', async (lie, message) => {
  const error = await together(lie, lie === 'second-hang' ? 1 : 120).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EncoderError);
  expect((error as EncoderError).message).toMatch(message);
});

it('shows the process these checkpoints and no other file of the run, and gives it less room for each', async () => {
  const seen: Confinement[] = [];
  const off = noSandbox('test');
  const wrap: typeof off.wrap = (argv, confinement) => {
    seen.push(confinement);
    return off.wrap(argv, confinement);
  };
  const [checkpoint, ...also] = checkpoints;
  const command = { ...encoding('none'), checkpoint, also, sandbox: { ...off, wrap }, stallSeconds: 120 };
  const encoder = await Encoder.start(command, D, 1024);
  expect(seen.map(({ readable, writable }) => ({ readable, writable }))).toEqual([
    { readable: [root, ...checkpoints], writable: undefined },
  ]);
  // Room for 16 latents, where one checkpoint is measured.
  const wide = { ...world, numFeatures: 2 ** 25 };
  await expect(measureTogether(wide, encoder, { samples, seed: 0 })).rejects.toThrow(
    'd_sae 12; at most 5 latents are measured in a world of 33554432 features',
  );
  await encoder.stop();
});
