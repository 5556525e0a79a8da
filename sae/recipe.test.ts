import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { numbers } from '#engine/kernel';
import { uniform } from '#engine/random';
import { architectureNames, loadArchitecture } from './load.ts';
import { TrainerConfig } from './trainer/config.ts';
import { createModel, gradientsOf, type Model, trainStep } from './trainer/step.ts';

/** The parts of the recipe are settings of every architecture of the family, alone or together. */
const [ROWS, D_IN, D_SAE, STEPS] = [64, 16, 48, 12];

beforeAll(async () => {
  await openBackend('embedded');
});

const next = uniform(5);
const x = Float32Array.from({ length: ROWS * D_IN }, () => next() ** 4 * 8 - 1);
const dead = Uint8Array.from({ length: D_SAE }, (_, i) => Number(i % 5 === 0));

async function modelOf(name: string, fields: Record<string, unknown>): Promise<Model> {
  const architecture = await loadArchitecture(name);
  const config = architecture.config.parse({ d_in: D_IN, d_sae: D_SAE, ...fields });
  return createModel(
    architecture,
    config,
    architecture.init(config, uniform(1)),
    TrainerConfig.parse({ lr: 0.01 }),
  );
}

const pass = { trainingSteps: STEPS, dead, multiplier: 1, measure: false };

/** The losses of some steps, and the codes of both encoders after them. */
function trained(model: Model): { losses: number[]; codes: Float32Array[] } {
  const input = tf.tensor2d(x, [ROWS, D_IN]);
  const losses = Array.from(
    { length: STEPS },
    (_, step) => trainStep(model, { ...pass, x: input, step, learningRate: 0.01 }).loss,
  );
  const { architecture, variables, buffers, config } = model;
  const encoders = [
    architecture.batchEncoder(variables, buffers, config),
    architecture.inferenceEncoder(variables, buffers, config),
  ];
  return { losses, codes: encoders.map((encoder) => Float32Array.from(numbers(encoder.encode(input)))) };
}

function expectSame(a: ReturnType<typeof trained>, b: ReturnType<typeof trained>): void {
  for (const [i, loss] of a.losses.entries()) expect(Math.abs(loss / b.losses[i] - 1)).toBeLessThan(1e-5);
  for (const [form, codes] of a.codes.entries()) {
    for (const [i, code] of codes.entries()) expect(code).toBeCloseTo(b.codes[form][i], 4);
  }
}

it.each<[string, Record<string, unknown>]>([
  ['batchtopk', { k: 4 }],
  ['topk', { k: 4 }],
  ['standard', {}],
  ['gated', {}],
  ['jumprelu', {}],
  ['matching-pursuit', { max_iterations: 3 }],
])('TERM is one setting of %s', async (name, fields) => {
  const tilt = 2;
  const [plain, tilted] = await Promise.all(
    [0, tilt].map((term_tilt) => modelOf(name, { ...fields, term_tilt })),
  );
  const input = tf.tensor2d(x, [ROWS, D_IN]);
  const { config, variables: weights, buffers } = plain;
  const seen = plain.architecture.trainingPass({
    ...{ ...pass, x: input, weights, buffers, config, step: 0 },
    schedule: (at) => at(0),
  });
  const recon = numbers(seen.recon);
  const errors = Array.from({ length: ROWS }, (_, row) =>
    x.subarray(row * D_IN, (row + 1) * D_IN).reduce((sum, v, j) => sum + (v - recon[row * D_IN + j]) ** 2, 0),
  );
  const mean = errors.reduce((sum, error) => sum + error, 0) / ROWS;
  const weight = errors.map((error) => Math.exp((tilt * error) / mean));
  const total = weight.reduce((sum, w) => sum + w, 0);
  const want = errors.reduce((sum, error, row) => sum + (error * weight[row]) / total, 0);
  const losses = [plain, tilted].map((model) => {
    const { result } = gradientsOf(model, { ...pass, x: input, step: 0 });
    return result.losses.mse_loss;
  });
  expect(losses[0]).toBeCloseTo(mean, 3);
  expect(losses[1]).toBeCloseTo(want, 3);
  expect(want).toBeGreaterThan(1.05 * mean);
});

it.each(['batchtopk', 'topk', 'abstopk'])('%s has a k schedule', async (name) => {
  const schedule = { initial_k: 8, transition_k_duration_fraction: 0.5 };
  const model = await modelOf(name, { k: 2, ...schedule });
  const input = tf.tensor2d(x, [ROWS, D_IN]);
  const active = (step: number) =>
    gradientsOf(model, { ...pass, x: input, step }).result.acts.values.filter((v) => v !== 0).length / ROWS;
  expect([0, 3, 6, 11].map(active)).toEqual([8, 5, 2, 2]);
  // The encoder selects by the k of the last pass.
  const k = () => {
    const { architecture, variables, buffers, config } = model;
    const codes = numbers(architecture.batchEncoder(variables, buffers, config).encode(input));
    return codes.filter((v) => v !== 0).length / ROWS;
  };
  expect(k()).toBe(2);
  active(0);
  expect(k()).toBe(8);
});

// A workspace may start without its best parts (--start baseline).
const present = ['lista-matryoshka', 'matryoshka-batchtopk'].every((name) =>
  architectureNames().includes(name),
);

describe.skipIf(!present)('the parts together', () => {
  const parts = {
    ...{ k: 4, initial_k: 8, transition_k_duration_fraction: 1, n_refinement_steps: 2, term_tilt: 0.1 },
    learnable_eta: true,
  };
  const matryoshka = {
    matryoshka_widths: [8, 24],
    detach_matryoshka_losses: true,
    use_frequency_sorted_matryoshka: true,
    inner_loss_coefficient: 0.5,
  };

  it('turn Matryoshka BatchTopK into the published LISTA-Matryoshka, except for the target of its loss', async () => {
    const fields = { ...parts, ...matryoshka };
    const lista = await modelOf('lista-matryoshka', { ...fields, target_without_b_dec: false });
    expectSame(trained(await modelOf('matryoshka-batchtopk', fields)), trained(lista));
  });

  it('turn plain BatchTopK into LISTA without Matryoshka', async () => {
    const lista = await modelOf('lista-matryoshka', { ...parts, target_without_b_dec: false });
    const refined = trained(await modelOf('batchtopk', parts));
    expectSame(refined, trained(lista));
    const linear = trained(await modelOf('batchtopk', { ...parts, n_refinement_steps: 0 }));
    expect(Math.abs(linear.losses[0] / refined.losses[0] - 1)).toBeGreaterThan(0.01);
  });
});
