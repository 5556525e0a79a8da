import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { TrainerConfig } from '../trainer/config.ts';
import { createModel, trainStep } from '../trainer/step.ts';
import jumprelu from './jumprelu.ts';

const [D_IN, D_SAE, ROWS, STEPS] = [16, 64, 128, 300];

beforeAll(async () => {
  await openBackend('embedded');
});

/**
 * Rows that are sums of a few of 64 directions, each 2 to 6 long, so that L0s far below the width can
 * reconstruct them.
 */
function batches(): () => Float32Array {
  const random = uniform(3);
  const directions = Array.from({ length: 64 }, () => {
    const row = Float32Array.from({ length: D_IN }, () => random() - 0.5);
    const norm = Math.hypot(...row);
    return row.map((v) => v / norm);
  });
  return () => {
    const x = new Float32Array(ROWS * D_IN);
    for (let row = 0; row < ROWS; row++) {
      for (const direction of directions) {
        if (random() > 0.05) continue;
        const size = 2 + 4 * random();
        for (let j = 0; j < D_IN; j++) x[row * D_IN + j] += size * direction[j];
      }
    }
    return x;
  };
}

/** The L0 after training at the defaults but for `fields`, and the thresholds' mean. */
function trained(fields: object): { l0: number; threshold: number } {
  const sae = jumprelu.config.parse({ d_in: D_IN, d_sae: D_SAE, ...fields });
  const lr = 4e-3;
  const model = createModel(jumprelu, sae, jumprelu.init(sae, uniform(0)), TrainerConfig.parse({ lr }));
  const next = batches();
  let l0 = Number.NaN;
  for (let step = 0; step < STEPS; step++) {
    const state = { step, trainingSteps: STEPS, learningRate: lr, dead: null, multiplier: 1, measure: false };
    tf.tidy(() => {
      ({ l0 } = trainStep(model, { ...state, x: tf.tensor2d(next(), [ROWS, D_IN]) }));
    });
  }
  const { threshold, log_threshold } = model.variables;
  const mean = tf.tidy(() => tf.mean(threshold ?? tf.exp(log_threshold)).dataSync()[0]);
  return { l0, threshold: mean };
}

it('becomes sparse from its default thresholds, by the coefficient', () => {
  const [none, one] = [0, 1].map((l0_coefficient) => trained({ l0_coefficient }));
  expect(one.l0).toBeLessThan(D_SAE / 3);
  expect(one.threshold).toBeGreaterThan(0.1);
  expect(none.l0).toBeGreaterThan(1.5 * one.l0);
});

it('stays dense if the logarithm is trained, which hardly moves a small threshold', () => {
  for (const l0_coefficient of [1, 100]) {
    const { l0, threshold } = trained({ l0_coefficient, jumprelu_train_log_threshold: true });
    expect(l0).toBeGreaterThan(0.6 * D_SAE);
    expect(threshold).toBeLessThan(0.05);
  }
});

it('counts a negative threshold as 0 and still gives it a gradient', () => {
  const sae = jumprelu.config.parse({ d_in: 2, d_sae: 2, jumprelu_bandwidth: 1 });
  const tensors = {
    W_enc: tf.tensor2d([1, 0, 0, 1], [2, 2]),
    W_dec: tf.tensor2d([1, 0, 0, 1], [2, 2]),
    b_enc: tf.zeros([2]),
    b_dec: tf.zeros([2]),
    threshold: tf.tensor1d([-0.3, 0.3]),
  };
  const x = tf.tensor2d([-0.1, 0.4], [1, 2]);
  const acts = jumprelu.inferenceEncoder(tensors, {}, sae).encode(x).dataSync();
  expect([...acts].map((v) => Math.round(v * 1e5) / 1e5 + 0)).toEqual([0, 0.4]);
  const at = {
    step: 0,
    trainingSteps: 1,
    dead: null,
    multiplier: 1,
    schedule: (at: (step: number) => number) => at(0),
  };
  const pass = { x, buffers: {}, config: sae, ...at };
  const gradient = tf.grad((threshold) => {
    const { losses, acts: own } = jumprelu.trainingPass({ ...pass, weights: { ...tensors, threshold } });
    expect([...own.dataSync()].map((v) => Math.round(v * 1e5) / 1e5 + 0)).toEqual([0, 0.4]);
    return losses.l0_loss;
  })(tensors.threshold);
  expect([...gradient.dataSync()]).toEqual([-1, -1]);
});
