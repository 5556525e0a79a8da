import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { createCheckpointEncoder } from '../encoding.ts';
import { architectureNames, loadAddons, loadArchitecture } from '../load.ts';
import { checkpointOf } from './checkpoint.ts';
import { TrainerConfig } from './config.ts';
import { foldScale } from './normalisation.ts';
import { createModel } from './step.ts';

beforeAll(async () => {
  await openBackend('embedded');
});

const [ROWS, SCALE] = [64, 3];
const sizes = { d_in: 16, d_sae: 48 };
const next = uniform(5);
const x = Float32Array.from({ length: ROWS * sizes.d_in }, () => 2 * next() - 1);

const addons = await loadAddons();
// A tau that removes some latents and keeps others.
const refinement = addons.has('leave_one_out') ? { leave_one_out: { tau: 0.2 } } : {};

const cases: [string, Record<string, unknown>][] = [
  ['standard', {}],
  ['topk', { k: 4 }],
  ['jumprelu', {}],
  ['gated', {}],
  ['batchtopk', { k: 4 }],
  ['batchtopk', { k: 4, rescale_acts_by_decoder_norm: false }],
  ['matryoshka-batchtopk', { k: 4, matryoshka_widths: [8, 24] }],
  ['matching-pursuit', { max_iterations: 4, residual_threshold: 3 }],
  ['lista-matryoshka', { k: 4, matryoshka_widths: [8, 24], learnable_eta: true }],
];
// A workspace may start without some (--start baseline).
const present = cases.filter(([name]) => architectureNames().includes(name));

it.each(present)('%s %j gives the same codes of x with the scale folded into it', async (name, settings) => {
  const architecture = await loadArchitecture(name);
  const config = architecture.config.parse({
    ...sizes,
    decoder_init_norm: name === 'matching-pursuit' ? 1 : 0.7,
    ...settings,
  });
  const model = createModel(
    architecture,
    config,
    architecture.init(config, uniform(2)),
    TrainerConfig.parse({ lr: 0.01 }),
  );
  const b_dec = model.variables.b_dec;
  b_dec.assign(tf.tensor(Float32Array.from({ length: sizes.d_in }, () => next() - 0.5)));
  model.buffers.topk_thresholds?.fill(1.2);
  const about = { architecture: '', experiment: '', samples: 0 };
  const encoderOf = (scale: number, chosen = {}) =>
    createCheckpointEncoder(checkpointOf(model, { ...about, scale, addons: chosen }), architecture, addons);
  const [before, refinedBefore] = [encoderOf(SCALE), encoderOf(SCALE, refinement)];
  foldScale(model, SCALE);
  const [after, refined] = [encoderOf(1), encoderOf(1, refinement)];
  const [old, folded] = [before.codes(x, ROWS), after.codes(x, ROWS)];
  for (const [form, codes] of folded.entries()) {
    // Some latents are active, and not all.
    expect(codes.indices.length).toBeGreaterThan(ROWS / 2);
    expect(codes.indices.length).toBeLessThan(ROWS * sizes.d_sae);
    expect(codes.offsets).toEqual(old[form].offsets);
    expect(codes.indices).toEqual(old[form].indices);
    for (const [at, value] of codes.values.entries()) expect(value).toBeCloseTo(old[form].values[at], 4);
  }
  const kept = refinedBefore.codes(x, ROWS).map((codes) => Array.from(codes.values, (v) => v !== 0));
  expect(refined.codes(x, ROWS).map((codes) => Array.from(codes.values, (v) => v !== 0))).toEqual(kept);
  after.bias.forEach((value, i) => {
    expect(value).toBeCloseTo(before.bias[i], 5);
  });
});
