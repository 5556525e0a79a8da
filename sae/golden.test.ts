import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { numbers } from '#engine/kernel';
import { devicesHere } from '#engine/opencl/testing/devices-here';
import type { Architecture, BaseConfig, Buffers } from './architecture.ts';
import { architectureNames, loadAddons, loadArchitecture } from './load.ts';
import { orderByFrequency } from './parts/firing-frequencies.ts';
import { TrainerConfig } from './trainer/config.ts';
import { DeadLatents } from './trainer/dead-latents.ts';
import { createModel, gradientsOf, type Model, trainStep } from './trainer/step.ts';

/** The reference's numbers: see the README.md there. The files have the sizes. */
const folder = process.env.GOLDEN_DIR ?? join(import.meta.dirname, '../test/golden');

interface Stored {
  shape: number[];
  data: (number | string)[];
}
type StoredTensors = Record<string, Stored>;

interface Forward {
  n_training_steps: number;
  hidden_pre: Stored;
  acts: Stored;
  recon: Stored;
  losses: Record<string, number>;
  loss: number;
  grad_norm: number;
  grads: StoredTensors;
  buffers_after?: StoredTensors;
  k?: number;
  /** Latents by frequency, if prefixes are sorted by it. */
  sorted_indices?: Stored;
}

interface Case {
  name: string;
  config: Record<string, unknown>;
  /** "same as case 0", for all weights or single ones, or the weights. */
  init: string | Record<string, string | Stored>;
  init_buffers?: StoredTensors;
  forward: Forward;
  forward_other_step?: Forward;
  /** Not for every case. */
  after_3_steps?: {
    params: StoredTensors;
    steps: { loss: number; losses: Record<string, number>; dead_mask: number[] }[];
    n_since_fired: number[];
    buffers?: StoredTensors;
  };
  inference?: {
    architecture: string;
    state: StoredTensors;
    acts: Stored;
    recon: Stored;
    training_model_eval_mode_acts: Stored;
  };
}

interface File {
  d_in: number;
  d_sae: number;
  lr: number;
  dead_feature_window: number;
  batches: Stored[];
  n_since_fired_initial: number[];
  initial_frequencies?: Stored;
  cases: Case[];
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

/** Every number as the reference has it: |a - b| <= 1e-5 + 1e-5 |b|. */
function expectNumbers(got: ArrayLike<number>, want: readonly (number | string)[], what: string): void {
  expect(got.length, `${what}: how many`).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const b = Number(want[i]);
    if (!(Math.abs(got[i] - b) <= 1e-5 + 1e-5 * Math.abs(b))) {
      expect.fail(`${what}[${i}]: ${got[i]}, the reference has ${b}`);
    }
  }
}

const floats = (stored: Stored) => Float32Array.from(stored.data, Number);
const tensor = (stored: Stored) => tf.tensor(floats(stored), stored.shape);

/** The reference keeps learnable step sizes as scalars; here they are one weight. */
function joined(stored: StoredTensors): StoredTensors {
  const { 'eta_params.0': first, ...rest } = stored;
  if (!first) return stored;
  const etas = Object.keys(stored).filter((name) => name.startsWith('eta_params.'));
  const data = etas.sort().flatMap((name) => stored[name].data);
  const others = Object.fromEntries(Object.entries(rest).filter(([name]) => !etas.includes(name)));
  return { ...others, eta: { shape: [data.length], data } };
}

function initOf(file: File, { init }: Case): StoredTensors {
  const first = file.cases[0].init as StoredTensors;
  if (typeof init === 'string') return first;
  return Object.fromEntries(
    Object.entries(init).map(([name, own]) => [name, typeof own === 'string' ? first[name] : own]),
  );
}

function configOf(architecture: Architecture, file: File, config: Record<string, unknown>): BaseConfig {
  const known = Object.keys(architecture.config.shape);
  const own = Object.entries(config).filter(([name]) => known.includes(name));
  return architecture.config.parse({ ...Object.fromEntries(own), d_in: file.d_in, d_sae: file.d_sae });
}

function modelOf(architecture: Architecture, file: File, golden: Case): Model {
  const { config, init_buffers } = golden;
  const weights = Object.fromEntries(
    Object.entries(joined(initOf(file, golden))).map(([name, t]) => [
      name,
      { shape: t.shape, data: floats(t) },
    ]),
  );
  const sae = configOf(architecture, file, config);
  const model = createModel(architecture, sae, weights, TrainerConfig.parse({ lr: file.lr }));
  for (const [name, stored] of Object.entries(byReferenceNames(init_buffers))) {
    model.buffers[name]?.set(stored.data.map(Number));
  }
  if (model.buffers.frequencies?.length && file.initial_frequencies) {
    model.buffers.frequencies.set(file.initial_frequencies.data.map(Number));
  }
  return model;
}

/** Our buffers by the reference's names. LISTA has a `topk_threshold` there too, which nothing reads. */
function byReferenceNames(stored: StoredTensors = {}): StoredTensors {
  const names: Record<string, string> = {
    'firing_frequency_tracker.frequencies': 'frequencies',
    topk_threshold: 'topk_thresholds',
  };
  const own = Object.entries(stored).filter(([name]) => !(names[name] && Object.hasOwn(stored, names[name])));
  return Object.fromEntries(own.map(([name, buffer]) => [names[name] ?? name, buffer]));
}

function expectBuffers(buffers: Buffers, want: StoredTensors | undefined): void {
  for (const [name, stored] of Object.entries(byReferenceNames(want))) {
    const own = buffers[name];
    if (own && own.length > 0) expectNumbers(own, stored.data, name);
  }
}

const files = {
  standard: 'sae_standard.json',
  topk: 'sae_topk.json',
  batchtopk: 'sae_batchtopk.json',
  jumprelu: 'sae_jumprelu.json',
  gated: 'sae_gated.json',
  'matryoshka-batchtopk': 'sae_matryoshka_batchtopk.json',
  'matching-pursuit': 'sae_matching_pursuit.json',
  'lista-matryoshka': 'sae_lista_matryoshka.json',
};

const BASELINES =
  'A run branch may begin with the baselines alone: git switch to the branch that it came from.';

/** For another backend, such as a GPU: GOLDEN_BACKEND=webgpu npm run test:golden. */
const { GOLDEN_BACKEND } = process.env;
const backends = GOLDEN_BACKEND ? [GOLDEN_BACKEND] : ['embedded', ...devicesHere];

beforeAll(async () => {
  await openBackend(backends[0]);
});

const addon = (await loadAddons()).get('leave_one_out');

// What is missing would otherwise be compared with nothing, and pass.
it.each(Object.keys(files))('%s has its file', (name) => {
  expect(architectureNames(), `sae/architectures/${name}.ts is missing. ${BASELINES}`).toContain(name);
});
it('leave-one-out has its file', () => {
  expect(addon, `sae/addons/leave-one-out.ts is missing. ${BASELINES}`).toBeDefined();
});

const present = Object.entries(files)
  .filter(([name]) => architectureNames().includes(name))
  .flatMap(([name, file]) =>
    backends.flatMap((backend) => [
      [name, 'our kernels', backend, file] as const,
      [name, 'plain tfjs', backend, file] as const,
    ]),
  );

describe.each(present)('%s with %s on %s equals the reference', (name, form, backend, fileName) => {
  beforeAll(async () => {
    await openBackend(backend, { plain: form === 'plain tfjs' });
  });
  const file = read<File>(fileName);

  describe.each(file.cases)('$name', (golden) => {
    const dead = Uint8Array.from(file.n_since_fired_initial, (n) => (n > file.dead_feature_window ? 1 : 0));
    const pass = { trainingSteps: 10, dead, multiplier: 1, measure: false };

    it('in forward pass, losses, gradients and buffers', async () => {
      const architecture = await loadArchitecture(name);
      for (const want of [golden.forward, golden.forward_other_step]) {
        if (!want) continue;
        const model = modelOf(architecture, file, golden);
        const x = tensor(file.batches[0]);
        const step = want.n_training_steps;
        // The pass itself, on a copy of the buffers: a training step does not keep these tensors.
        const buffers = Object.fromEntries(Object.entries(model.buffers).map(([n, b]) => [n, b.slice()]));
        const { config } = model;
        const seen = architecture.trainingPass({
          ...pass,
          x,
          weights: model.variables,
          buffers,
          config,
          step,
          schedule: (at) => at(step),
        });
        expectNumbers(numbers(seen.hiddenPre), want.hidden_pre.data, 'hidden_pre');
        expectNumbers(numbers(seen.acts), want.acts.data, 'acts');
        expectNumbers(numbers(seen.recon), want.recon.data, 'recon');
        const { result, gradients } = gradientsOf(model, { ...pass, x, step });
        for (const [term, value] of Object.entries(want.losses)) {
          expectNumbers([result.losses[term]], [value], term);
        }
        expectNumbers([result.loss], [want.loss], 'loss');
        for (const [weight, gradient] of Object.entries(joined(want.grads))) {
          expectNumbers(numbers(gradients[weight]), gradient.data, `gradient of ${weight}`);
        }
        expectBuffers(model.buffers, want.buffers_after);
        if (want.k !== undefined) expectNumbers(model.buffers.k, [want.k], 'k');
        if (want.sorted_indices) {
          expect([...orderByFrequency(model.buffers.frequencies)]).toEqual(want.sorted_indices.data);
        }
      }
    });

    const { after_3_steps: want, inference } = golden;
    if (!want || !inference) return;
    it('after three steps of Adam, and in inference', async () => {
      const architecture = await loadArchitecture(name);
      const model = modelOf(architecture, file, golden);
      const deadLatents = new DeadLatents(new Float64Array(file.d_sae), file.dead_feature_window);
      deadLatents.sinceFired.set(file.n_since_fired_initial);
      const firstStep = golden.forward.n_training_steps;
      for (const [i, stepped] of want.steps.entries()) {
        const mask = deadLatents.mask() ?? new Uint8Array(file.d_sae);
        expect([...mask], `dead before step ${i}`).toEqual(stepped.dead_mask);
        const x = tensor(file.batches[i]);
        const at = { ...pass, x, step: firstStep + i, learningRate: file.lr, dead: deadLatents.mask() };
        const result = trainStep(model, at);
        deadLatents.update(result.acts);
        for (const [term, value] of Object.entries(stepped.losses)) {
          expectNumbers([result.losses[term]], [value], `${term} of step ${i}`);
        }
        expectNumbers([result.loss], [stepped.loss], `loss of step ${i}`);
        if (i === 0) expectNumbers([result.gradNorm], [golden.forward.grad_norm], 'norm of the gradients');
      }
      for (const [weight, stored] of Object.entries(joined(want.params))) {
        expectNumbers(numbers(model.variables[weight]), stored.data, weight);
      }
      expect([...deadLatents.sinceFired]).toEqual(want.n_since_fired);
      expectBuffers(model.buffers, want.buffers);

      const form = architecture.inferenceEncoder(model.variables, model.buffers, model.config);
      const x = tensor(file.batches[0]);
      expect(form.architecture).toBe(inference.architecture);
      for (const [weight, stored] of Object.entries(inference.state)) {
        expectNumbers(numbers(form.weights[weight]), stored.data, `inference ${weight}`);
      }
      const acts = form.encode(x);
      expectNumbers(numbers(acts), inference.acts.data, 'inference acts');
      const recon = tf.add(tf.matMul(acts, form.W_dec), form.b_dec);
      expectNumbers(numbers(recon), inference.recon.data, 'inference recon');
      const training = architecture.batchEncoder(model.variables, model.buffers, model.config);
      const eval_acts = inference.training_model_eval_mode_acts.data;
      expectNumbers(numbers(training.encode(x)), eval_acts, 'acts in evaluation');
    });
  });
});

describe.skipIf(!architectureNames().includes('lista-matryoshka'))('the reference style of LISTA', () => {
  const file = read<File>(files['lista-matryoshka']);
  const named = (name: string) => file.cases.find((golden) => golden.name === name) as Case;
  const dead = Uint8Array.from(file.n_since_fired_initial, (n) => (n > file.dead_feature_window ? 1 : 0));
  const pass = { trainingSteps: 10, dead, multiplier: 1, measure: false };
  async function gradients(golden: Case, fields: Record<string, unknown>) {
    const architecture = await loadArchitecture('lista-matryoshka');
    const changed = { ...golden, config: { ...golden.config, ...fields } };
    const model = modelOf(architecture, file, changed);
    return gradientsOf(model, { ...pass, x: tensor(file.batches[0]), step: golden.forward.n_training_steps });
  }

  it('combines the terms of `full` with its inner losses at half weight', async () => {
    const [full, outer] = [named('full').forward, named('no_matryoshka').forward];
    const { mse_loss, auxiliary_reconstruction_loss, inner_recons_loss } = full.losses;
    const half = await gradients(named('full'), { inner_loss_coefficient: 0.5 });
    const loss = mse_loss + auxiliary_reconstruction_loss + inner_recons_loss / 2;
    expectNumbers([half.result.loss], [loss], 'loss');
    // Of full = outer + inner, half the inner part is the mean of full and outer.
    for (const [weight, { data }] of Object.entries(full.grads)) {
      const mean = data.map((value, i) => (Number(value) + Number(outer.grads[weight].data[i])) / 2);
      expectNumbers(numbers(half.gradients[weight]), mean, `gradient of ${weight}`);
    }
  });

  it('compares the reconstruction with x itself', async () => {
    const { recon } = named('no_term').forward;
    const x = floats(file.batches[0]);
    const squares = recon.data.reduce<number>((sum, value, i) => sum + (Number(value) - x[i]) ** 2, 0);
    const { result } = await gradients(named('no_term'), { target_without_b_dec: false });
    expectNumbers([result.losses.mse_loss], [squares / recon.shape[0]], 'mse_loss');
  });
});

describe.skipIf(!addon)('leave-one-out', () => {
  it('drops what the reference drops', () => {
    const golden = read<{
      x: Stored;
      W_dec: Stored;
      b_dec: Stored;
      acts_in: Stored;
      cases: { tau: number; acts_out: Stored }[];
    }>('loo_refinement.json');
    const batch = {
      x: tensor(golden.x),
      codes: tensor(golden.acts_in),
      W_dec: tensor(golden.W_dec),
      b_dec: tensor(golden.b_dec),
    };
    for (const { tau, acts_out } of golden.cases) {
      expectNumbers(numbers(addon?.apply(batch, { tau }) as tf.Tensor), acts_out.data, `acts at tau ${tau}`);
    }
  });
});
