import { afterAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { deviceCounts } from '#engine/device-counts';
import { noDevice } from '#engine/opencl/testing/here';
import { uniform } from '#engine/random';
import { createCheckpointEncoder } from './encoding.ts';
import { loadAddons, loadArchitecture, loadExperiments } from './load.ts';
import { widthProfile } from './profiles.ts';
import { resolve } from './settings.ts';

const [rows, d] = [96, 64];

/** Encodes a batch with the initial weights of an experiment; thresholds that some numbers pass. */
async function encoded(name: string, backend: string) {
  await openBackend(backend);
  const experiment = (await loadExperiments()).get(name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const architecture = await loadArchitecture(experiment.architecture);
  const addons = await loadAddons();
  const { sae } = resolve(experiment, architecture, addons, widthProfile('small'), d, []);
  const buffers = Object.entries(architecture.buffers?.(sae) ?? {});
  const encoder = createCheckpointEncoder(
    {
      config: {
        ...{ version: 1, architecture: experiment.architecture, experiment: name, samples: 0, scale: 1 },
        ...{ sae, addons: {}, buffers: {} },
      },
      weights: architecture.init(sae, uniform(1)),
      buffers: Object.fromEntries(
        buffers.map(([key, values]) => [key, key === 'topk_thresholds' ? values.map(() => 0.004) : values]),
      ),
    },
    architecture,
    addons,
  );
  const next = uniform(2);
  const x = Float32Array.from({ length: rows * d }, () => 2 * next() - 1);
  encoder.codes(x, rows);
  const before = deviceCounts();
  const codes = encoder.codes(x, rows);
  const after = deviceCounts();
  return { codes, before, after };
}

describe.skipIf(noDevice).each(['opencl'])('codes of a checkpoint on %s', (backend) => {
  afterAll(async () => {
    await openBackend('embedded');
  });

  it.each(['baseline_batchtopk', 'default', 'topk'])(
    'are those of embedded, and all that is read back (%s)',
    async (name) => {
      const { codes, before, after } = await encoded(name, backend);
      const { codes: expected } = await encoded(name, 'embedded');
      for (const [form, { offsets, indices, values }] of codes.entries()) {
        expect([...offsets], `form ${form}`).toEqual([...expected[form].offsets]);
        expect([...indices]).toEqual([...expected[form].indices]);
        expect(indices.length).toBeGreaterThan(rows / 4);
        for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[form].values[i], 4);
      }
      const read = (after?.bytesRead ?? Number.NaN) - (before?.bytesRead ?? 0);
      // Where each row begins, and a column and a value for each code.
      const bytes = codes.reduce((sum, { indices }) => sum + 4 * (rows + 1) + 8 * indices.length, 0);
      expect(read).toBe(bytes);
    },
  );
});
