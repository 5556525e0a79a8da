import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import type { Architecture } from '../architecture.ts';
import template from '../architectures/_template.ts';
import batchtopk from '../architectures/batchtopk.ts';
import { architectureNames, loadArchitecture } from '../load.ts';
import { TrainerConfig } from './config.ts';
import { createModel, explainedVariance, gradientsOf, type Model, trainStep } from './step.ts';

beforeAll(async () => {
  await openBackend('embedded');
});

// A workspace may start without it (--start baseline); then its tests are skipped.
const hasLista = architectureNames().includes('lista-matryoshka');
const lista = hasLista ? await loadArchitecture('lista-matryoshka') : batchtopk;

const trainer = TrainerConfig.parse({ lr: 0.01 });
const sizes = { d_in: 16, d_sae: 64 };

const listaCase: [string, Architecture, Record<string, unknown>] = [
  'lista',
  lista,
  { k: 4, matryoshka_widths: [8, 32], use_frequency_sorted_matryoshka: true, term_tilt: 0.01 },
];

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

  it.each<[string, Architecture, Record<string, unknown>]>([
    ['batchtopk', batchtopk, { k: 4 }],
    ...(hasLista ? [listaCase] : []),
  ])('leaves no tensor behind (%s)', (_, architecture, fields) => {
    const config = architecture.config.parse({ ...sizes, ...fields });
    const model = createModel(architecture, config, architecture.init(config, uniform(0)), trainer);
    steps(model, 3);
    const before = tf.memory().numTensors;
    steps(model, 5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[string, Architecture, Record<string, unknown>]>([
    ['batchtopk', batchtopk, { k: 4 }],
    ...(hasLista ? [listaCase] : []),
  ])(
    'has the same bits whether its explained variance is asked for or not (%s)',
    (_, architecture, fields) => {
      // The engine computes sums of large matrices when they are read.
      const config = architecture.config.parse({ d_in: 128, d_sae: 256, ...fields });
      const next = uniform(3);
      const x = tf.tensor2d(
        Float32Array.from({ length: 256 * 128 }, () => next() ** 4 * 8 - 1),
        [256, 128],
      );
      const [plain, measured] = [false, true].map((measure) => {
        const model = createModel(architecture, config, architecture.init(config, uniform(0)), trainer);
        const input = { x, step: 0, trainingSteps: 9, dead: null, multiplier: 1, measure };
        const { result, gradients } = gradientsOf(model, input);
        const bits = Object.values(gradients).map(
          (gradient) => new Uint32Array(gradient.dataSync().slice().buffer),
        );
        return { bits, explained: result.explainedVariance };
      });
      expect(measured.bits).toEqual(plain.bits);
      expect([plain.explained, typeof measured.explained]).toEqual([null, 'number']);
    },
  );

  it.skipIf(!hasLista)('is the same on the plain JavaScript backend', async () => {
    const config = lista.config.parse({ ...sizes, k: 4, matryoshka_widths: [8, 32], term_tilt: 0.01 });
    const run = () => steps(createModel(lista, config, lista.init(config, uniform(0)), trainer), 10);
    const onWasm = run();
    await openBackend('cpu');
    const onCpu = run();
    await openBackend('embedded');
    for (const [i, loss] of onWasm.entries()) expect(Math.abs(loss / onCpu[i] - 1)).toBeLessThan(1e-5);
  });

  it.skipIf(!hasLista)('LISTA weighs its inner losses, and compares with x or with x - b_dec', () => {
    const losses = (fields: Record<string, unknown>) =>
      tf.tidy(() => {
        const config = lista.config.parse({ ...sizes, k: 4, matryoshka_widths: [8, 32], ...fields });
        const model = createModel(lista, config, lista.init(config, uniform(0)), trainer);
        model.variables.b_dec.assign(tf.fill([16], 0.3));
        const x = tf.tensor2d(Float32Array.from({ length: 64 * 16 }, uniform(5)), [64, 16]);
        const pass = { x, step: 0, trainingSteps: 9, dead: null, multiplier: 1, measure: false };
        return gradientsOf(model, pass).result as unknown as tf.TensorContainer;
      }) as unknown as { loss: number; losses: Record<string, number> };
    const plain = losses({});
    const half = losses({ inner_loss_coefficient: 0.5 });
    const { mse_loss, inner_recons_loss } = plain.losses;
    expect(half.losses.inner_recons_loss).toBeCloseTo(inner_recons_loss / 2, 4);
    expect(half.loss).toBeCloseTo(mse_loss + inner_recons_loss / 2, 4);
    // Without active latents the reconstruction is b_dec, 0.3 everywhere.
    const next = uniform(5);
    const x = Array.from({ length: 64 * 16 }, next);
    const errors = (shift: number) => x.reduce((sum, v) => sum + (0.3 + shift - v) ** 2, 0) / 64;
    expect(losses({ k: 0.01, target_without_b_dec: false }).losses.mse_loss).toBeCloseTo(errors(0), 3);
    expect(losses({ k: 0.01 }).losses.mse_loss).toBeCloseTo(errors(0.3), 3);
  });

  it('explained variance is 1 for a perfect reconstruction and 0 for the mean', () => {
    const x = tf.tensor2d([1, 2, 3, 6], [2, 2]);
    expect(explainedVariance(x, x)).toBe(1);
    expect(explainedVariance(x, tf.tensor2d([2, 4, 2, 4], [2, 2]))).toBeCloseTo(0, 6);
  });
});
