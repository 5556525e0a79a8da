import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { measureCheckpoint } from './case.ts';
import { EncoderError } from './encoder.ts';
import { probedBatches } from './invariance.ts';
import { type Measurement, metricsOf } from './measure.ts';

const root = mkdtempSync(join(tmpdir(), 'invariance-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
// The encoder is a file of this checkout, which a sandbox of another folder may hide.
process.env.LOOP_SANDBOX = 'off (test)';

const world = await buildWorld(parseConfig({ num_features: 20, hidden_dim: 16, seed: 1 }, 'test'));
const checkpoint = join(root, 'checkpoint.safetensors');
writeSafetensors(checkpoint, {
  tensors: new Map([
    ['W_dec', { shape: [16, 16], data: world.featureVectors.slice(0, 256) }],
    ['b_dec', { shape: [16], data: world.bias }],
  ]),
  metadata: {},
});

const measured = (lie: string, samples = 6000, invariance = true): Promise<Measurement> =>
  measureCheckpoint(
    { name: 'test', world },
    {
      argv: ['node', join(import.meta.dirname, 'testing/encoder.mjs'), '--lie', lie],
      ...{ cwd: root, checkpoint, log: join(root, `${lie}.log`) },
    },
    samples,
    { seed: 5, stallSeconds: 120 },
    { invariance },
  );

it.each([
  ['memory', /\d+ % of its codes in the training form change .*: it remembers earlier batches/],
  // Batches that are repeated to the same process tell nothing here: another process has to be asked.
  ['cached', /of its codes in the training form change .*: it remembers earlier batches/],
  ['row-order', /change when the rows of a batch change places: it depends on the order of rows/],
  ['company', /in the inference form change when other rows are in the batch/],
])('refuses an encoder with a code that nothing in its row decides: %s', async (lie, message) => {
  const error = await measured(lie).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EncoderError);
  expect((error as EncoderError).message).toMatch(message);
  // The run is not valid; that is no fault of the judge.
  expect((error as EncoderError).exitCode).toBe(2);
  // A snapshot or an inspection does not start the second process.
  expect((await measured(lie, 2000, false)).dependence).toBeUndefined();
});

it('lets the training form select over its batch, and says how much that changes', async () => {
  const { deciding, also } = metricsOf(await measured('batchtopk'));
  expect(deciding.batch_dependence).toBeGreaterThan(0.002);
  expect(deciding.batch_dependence).toBeLessThan(0.2);
  expect(also.inference.batch_dependence).toBe(0);
  expect(metricsOf(await measured('none')).deciding.batch_dependence).toBe(0);
  expect(metricsOf(await measured('none', 2000, false)).deciding).not.toHaveProperty('batch_dependence');
});

it('changes no other number, and finds dependence in one small batch as well', async () => {
  const { batch_dependence: _, ...checked } = metricsOf(await measured('batchtopk')).deciding;
  expect(checked).toEqual(metricsOf(await measured('batchtopk', 6000, false)).deciding);
  expect(metricsOf(await measured('batchtopk', 1000)).deciding.batch_dependence).toBeGreaterThan(0);
});

it('asks for a batch of each quarter, or for all there are', () => {
  const asked = [...probedBatches(100, 3)];
  expect(asked.map((index) => Math.floor(index / 25))).toEqual([0, 1, 2, 3]);
  expect(probedBatches(100, 4)).not.toEqual(new Set(asked));
  expect(probedBatches(3, 1)).toEqual(new Set([0, 1, 2]));
});
