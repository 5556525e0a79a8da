import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { D_IN, exerciseSteps } from '../check/steps.ts';
import { TrainerConfig } from '../trainer/config.ts';
import { createModel, trainStep } from '../trainer/step.ts';
import architecture from './_template.ts';

beforeAll(async () => {
  await openBackend('embedded');
});

const [D_SAE, ROWS, STEPS] = [16, 64, 100];
/** Sizes, and other fields that have no default. */
const sae = architecture.config.parse({
  d_in: D_IN,
  d_sae: D_SAE,
  ...('k' in architecture.config.shape && { k: 2 }),
});
const trainer = TrainerConfig.parse({ lr: 0.01 });

/** Rows x, each a positive combination of two of `D_SAE` fixed directions. */
function rows(random: () => number): tf.Tensor {
  const directions = tf.tensor2d(
    Float32Array.from({ length: D_SAE * D_IN }, () => 2 * random() - 1),
    [D_SAE, D_IN],
  );
  const codes = new Float32Array(ROWS * D_SAE);
  for (let row = 0; row < ROWS; row++)
    for (let n = 0; n < 2; n++) codes[row * D_SAE + Math.floor(random() * D_SAE)] = 1 + random();
  return tf.matMul(tf.tensor2d(codes, [ROWS, D_SAE]), directions);
}

/** A model after some steps on the same rows, with its first and its last loss. */
function trained() {
  const random = uniform(1);
  const model = createModel(architecture, sae, architecture.init(sae, random), trainer);
  const x = rows(random);
  const pass = {
    x,
    trainingSteps: STEPS,
    dead: null,
    multiplier: 1,
    measure: false,
    learningRate: trainer.lr,
  };
  const losses = Array.from({ length: STEPS }, (_, step) => trainStep(model, { ...pass, step }).loss);
  return { model, x, first: losses[0], last: losses[STEPS - 1] };
}

describe('the architecture of _template.ts', () => {
  it('meets what every architecture must: shapes, gradients, the input scaling', () => {
    expect(() => exerciseSteps(architecture, { sae, trainer, addons: {} })).not.toThrow();
  });

  it('learns', () => {
    const { first, last } = trained();
    expect(last).toBeLessThan(0.8 * first);
  });

  it('encodes rows in both forms, and the inference form encodes each row by itself', () => {
    const { model, x } = trained();
    const { variables, buffers } = model;
    for (const form of ['batchEncoder', 'inferenceEncoder'] as const) {
      const { encode } = architecture[form](variables, buffers, sae);
      const fires = tf.sum(tf.cast(tf.notEqual(encode(x), 0), 'float32')).dataSync()[0];
      expect(fires, form).toBeGreaterThan(ROWS / 2);
    }
    const { encode } = architecture.inferenceEncoder(variables, buffers, sae);
    const [together, alone] = [tf.slice(encode(x), [0, 0], [1, -1]), encode(tf.slice(x, [0, 0], [1, -1]))];
    expect(tf.max(tf.abs(tf.sub(together, alone))).dataSync()[0]).toBeLessThan(1e-5);
  });
});
