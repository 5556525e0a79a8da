import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '#contract/safetensors';
import { openBackend } from '#engine/backend';
import { architectureNames, loadArchitecture } from '../load.ts';
import { readCheckpoint } from './checkpoint.ts';
import { TrainerConfig } from './config.ts';
import { type AutotunerSettings, type AutotunerState, autotune } from './l0-autotuner.ts';
import { learningRate, warmedUp } from './schedules.ts';
import { train } from './train.ts';

/** The reference's numbers: see the README.md there. */
const folder = process.env.GOLDEN_DIR ?? join(import.meta.dirname, '../../test/golden');
const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

interface Stored {
  shape: number[];
  data: number[];
}

function expectNumbers(
  got: ArrayLike<number>,
  want: readonly number[],
  what: string,
  tolerance = 1e-5,
): void {
  expect(got.length, `${what}: how many`).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= tolerance + tolerance * Math.abs(want[i]))) {
      expect.fail(`${what}[${i}]: ${got[i]}, the reference has ${want[i]}`);
    }
  }
}

describe('schedules equal the reference', () => {
  const golden = read<{
    lr: {
      scheduler: 'constant' | 'cosineannealing';
      warm_up_steps: number;
      decay_steps: number;
      training_steps: number;
      lr: number;
      lr_end: number;
      lr_used_at_step: number[];
    }[];
    coefficient_warm_up: { warm_up_steps: number; final: number; value_used_at_step: number[] }[];
    autotuner: { config: AutotunerSettings; batch_l0: Stored; multiplier_after_step: number[] }[];
  }>('trainer_schedules.json');

  it.each(golden.lr)('learning rate, $scheduler, warm-up $warm_up_steps, decay $decay_steps', (want) => {
    const config = {
      lr: want.lr,
      lr_scheduler: want.scheduler,
      lr_end: want.lr_end,
      warmUpSteps: want.warm_up_steps,
      decaySteps: want.decay_steps,
    };
    const rates = want.lr_used_at_step.map((_, step) => learningRate(step, want.training_steps, config));
    // Rates are far below 1, so they are compared relative to the largest.
    expectNumbers(
      rates.map((r) => r / want.lr),
      want.lr_used_at_step.map((r) => r / want.lr),
      'learning rate',
      1e-6,
    );
  });

  it.each(golden.coefficient_warm_up)('coefficient, warm-up $warm_up_steps', (want) => {
    const values = want.value_used_at_step.map((_, step) => warmedUp(want.final, want.warm_up_steps, step));
    expectNumbers(values, want.value_used_at_step, 'coefficient');
  });

  it.each(golden.autotuner)('L0 autotuner to $config.target_l0', (want) => {
    let state: AutotunerState = { multiplier: 1, smoothed: null, rate: 0 };
    const multipliers = want.batch_l0.data.map((l0, step) => {
      state = autotune(state, l0, step, want.config);
      return state.multiplier;
    });
    expectNumbers(multipliers, want.multiplier_after_step, 'multiplier', 1e-7);
  });
});

describe('whole runs equal the reference', () => {
  interface Run {
    name: string;
    config: Record<string, unknown>;
    total_training_samples: number;
    steps: number;
    lr_decay_steps: number;
    loss_per_step: number[];
    num_dead_before_step: number[];
    final_params: Record<string, Stored>;
    final_buffers: Record<string, Stored>;
  }
  const golden = read<{ batches: Stored; runs: Run[] }>('trainer_end_to_end.json');
  const start = read<{ cases: { init: Record<string, Stored> }[] }>('sae_lista_matryoshka.json').cases[0]
    .init;
  const architectures: Record<string, string> = {
    batchtopk: 'batchtopk',
    lista_matryoshka_decreasingk_batchtopk: 'lista-matryoshka',
    jumprelu: 'jumprelu',
  };
  const out = mkdtempSync(join(tmpdir(), 'sae-golden-'));
  beforeAll(async () => {
    await openBackend('embedded');
  });
  afterAll(() => rmSync(out, { recursive: true }));

  const present = golden.runs.filter(({ config }) =>
    architectureNames().includes(architectures[String(config.architecture)]),
  );

  it.each(present)('$name', async (run) => {
    const [batches, rows, d] = golden.batches.shape;
    const name = architectures[String(run.config.architecture)];
    const architecture = await loadArchitecture(name);
    const known = Object.keys(architecture.config.shape);
    const scaled = run.name.endsWith('_scaled');
    let at = 0;
    const losses: number[] = [];
    const deadBefore: number[] = [];
    const result = await train(
      {
        experiment: run.name,
        architectureName: name,
        architecture: {
          ...architecture,
          init: (config, random) => {
            const weights = architecture.init(config, random);
            for (const weight of ['W_enc', 'W_dec']) {
              weights[weight] = { shape: start[weight].shape, data: Float32Array.from(start[weight].data) };
            }
            return weights;
          },
        },
        sae: architecture.config.parse({
          ...Object.fromEntries(Object.entries(run.config).filter(([field]) => known.includes(field))),
          // As in SAELens 6.38, which made the reference.
          ...(name === 'jumprelu' && { jumprelu_train_log_threshold: true }),
        }),
        trainer: TrainerConfig.parse({
          lr: 0.005,
          lr_decay_steps: run.lr_decay_steps,
          dead_feature_window: 2,
          n_snapshots: 1,
          normalize_activations: scaled ? 'expected_average_only_in' : 'none',
          n_batches_for_norm_estimate: 2,
        }),
        addons: {},
        samples: run.total_training_samples,
        random: () => 0.5,
        out: join(out, run.name),
        backend: 'wasm',
        resume: false,
        onStep: ({ loss }, dead) => {
          losses.push(loss);
          deadBefore.push(dead);
        },
      },
      {
        header: { d, batchRows: rows },
        next: () => {
          const batchIndex = at++;
          const from = (batchIndex % batches) * rows * d;
          const x = Float32Array.from(golden.batches.data.slice(from, from + rows * d));
          return { x, rows, batchIndex };
        },
      },
      new AbortController().signal,
    );
    expect(result.status).toBe('finished');
    expect(result.steps).toBe(run.steps);
    expectNumbers(losses, run.loss_per_step, 'loss');
    expect(deadBefore).toEqual(run.num_dead_before_step);
    const saved = readCheckpoint(join(out, run.name, 'checkpoint.safetensors'));
    for (const [weight, want] of Object.entries(run.final_params)) {
      expectNumbers(saved.weights[weight].data, want.data, weight);
    }
    for (const [buffer, want] of Object.entries(run.final_buffers)) {
      // LISTA has a `topk_threshold` there too, which nothing reads.
      const isOld = buffer === 'topk_threshold' && 'topk_thresholds' in run.final_buffers;
      const own = saved.buffers[buffer === 'topk_threshold' && !isOld ? 'topk_thresholds' : buffer];
      if (own) expectNumbers(own, want.data, buffer);
    }
    expect(readSafetensors(join(out, run.name, 'evals', `${result.samples}.safetensors`)).tensors.size).toBe(
      readSafetensors(join(out, run.name, 'checkpoint.safetensors')).tensors.size,
    );
  });
});
