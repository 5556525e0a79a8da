import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import template from '../architectures/_template.ts';
import batchtopk from '../architectures/batchtopk.ts';
import lista from '../architectures/lista-matryoshka.ts';
import { TrainerConfig } from './config.ts';
import { createModel, explainedVariance, type Model, trainStep } from './step.ts';

beforeAll(async () => {
  await openBackend('wasm');
});

const trainer = TrainerConfig.parse({ lr: 0.01 });
const sizes = { d_in: 16, d_sae: 64 };

function steps(model: Model, count: number, seed = 5): number[] {
  const next = uniform(seed);
  const x = tf.tensor2d(
    Float32Array.from({ length: 256 * 16 }, () => next() ** 4 * 8 - 1),
    [256, 16],
  );
  const losses = Array.from({ length: count }, (_, step) => {
    const input = {
      x,
      step,
      trainingSteps: count,
      learningRate: 0.01,
      dead: null,
      multiplier: 1,
      measure: false,
    };
    return trainStep(model, input).loss;
  });
  x.dispose();
  return losses;
}

describe('a training step', () => {
  it('trains an architecture in plain tfjs (the template)', () => {
    const config = template.config.parse(sizes);
    const losses = steps(createModel(template, config, template.init(config, uniform(0)), trainer), 40);
    expect(losses[39]).toBeLessThan(0.5 * losses[0]);
  });

  it.each([
    ['batchtopk', batchtopk, { k: 4 }],
    [
      'lista',
      lista,
      { k: 4, matryoshka_widths: [8, 32], use_frequency_sorted_matryoshka: true, term_tilt: 0.01 },
    ],
  ])('leaves no tensor behind (%s)', (_, architecture, fields) => {
    const config = architecture.config.parse({ ...sizes, ...fields });
    const model = createModel(architecture, config, architecture.init(config, uniform(0)), trainer);
    steps(model, 3);
    const before = tf.memory().numTensors;
    steps(model, 5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is the same on the plain JavaScript backend', async () => {
    const config = lista.config.parse({ ...sizes, k: 4, matryoshka_widths: [8, 32], term_tilt: 0.01 });
    const run = () => steps(createModel(lista, config, lista.init(config, uniform(0)), trainer), 10);
    const onWasm = run();
    await openBackend('cpu');
    const onCpu = run();
    await openBackend('wasm');
    for (const [i, loss] of onWasm.entries()) expect(Math.abs(loss / onCpu[i] - 1)).toBeLessThan(1e-5);
  });

  it('explained variance is 1 for a perfect reconstruction and 0 for the mean', () => {
    const x = tf.tensor2d([1, 2, 3, 6], [2, 2]);
    expect(explainedVariance(x, x)).toBe(1);
    expect(explainedVariance(x, tf.tensor2d([2, 4, 2, 4], [2, 2]))).toBeCloseTo(0, 6);
  });
});
