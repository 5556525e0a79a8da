import { afterAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { deviceCounts } from '#engine/device-counts';
import { openClHere } from '#engine/opencl/testing/here';
import { uniform } from '#engine/random';
import { held } from '#engine/tracking';
import { loadAddons, loadArchitecture, loadExperiments } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { DeadLatents } from './dead-latents.ts';
import { createModel, type RunResult } from './step.ts';
import { stepsOf } from './steps.ts';

const [rows, d, steps] = [256, 64, 8];

interface Watch {
  window?: number;
  set?: string[];
  /** Called before each step with its number. */
  before?(step: number): void;
}

/** Some steps of an experiment in the small world's sizes, on data that its weights know nothing of. */
async function trained(name: string, backend: string, { window = 100, set = [], before }: Watch = {}) {
  await openBackend(backend);
  const experiment = (await loadExperiments()).get(name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const architecture = await loadArchitecture(experiment.architecture);
  const settings = resolve(experiment, architecture, await loadAddons(), widthProfile('small'), d, set);
  const { sae, trainer } = settings;
  const model = createModel(architecture, sae, architecture.init(sae, uniform(1)), trainer);
  const dead = new DeadLatents(held(new Float64Array(sae.d_sae)), window);
  const training = stepsOf(model, dead, d, steps);
  const next = uniform(2);
  for (let step = 0; step < steps; step++) {
    before?.(step);
    training.run({
      x: Float32Array.from({ length: rows * d }, () => next() ** 4 * 4),
      ...{ rows, step, learningRate: 0.004, multiplier: 1, firstLoss: null, measure: false },
    });
  }
  before?.(steps);
  const result: RunResult = training.result();
  const weights = Object.entries(model.variables).map(([key, w]) => [key, [...w.dataSync()]] as const);
  const buffers = Object.entries(model.buffers).map(([key, values]) => [key, [...values]] as const);
  const numbers = { ...Object.fromEntries(weights), ...Object.fromEntries(buffers) };
  training.dispose();
  return { result, numbers, sinceFired: [...dead.sinceFired] };
}

const cases: [string, Watch][] = [
  ['baseline_batchtopk', {}],
  ['default', {}],
  ['reference_style', {}],
];

describe.each(openClHere)('steps on %s', (backend) => {
  afterAll(async () => {
    await openBackend('embedded');
  });

  it.each(cases)('read nothing back until they are asked (%s)', async (name) => {
    const read: number[] = [];
    await trained(name, backend, { before: () => read.push(deviceCounts()?.bytesRead ?? Number.NaN) });
    expect(read.map((bytes) => bytes - read[0])).toEqual(new Array(steps + 1).fill(0));
  });

  it.each<[string, Watch]>([...cases, ['default', { window: 2 }], ['baseline_batchtopk', { window: 2 }]])(
    'train as embedded does: weights, thresholds, frequencies, counters (%s, %o)',
    async (name, watch) => {
      const [own, reference] = [await trained(name, backend, watch), await trained(name, 'embedded', watch)];
      expect(own.sinceFired).toEqual(reference.sinceFired);
      const { losses, loss, l0, gradNorm } = reference.result;
      const pairs = [
        ...Object.entries(losses).map(([term, value]) => [own.result.losses[term], value]),
        ...[
          [own.result.loss, loss],
          [own.result.gradNorm, gradNorm],
          [own.result.l0, l0],
        ],
      ];
      for (const [got, want] of pairs) expect(Math.abs(got - want)).toBeLessThan(1e-5 * (1 + Math.abs(want)));
      for (const [key, want] of Object.entries(reference.numbers)) {
        const worst = want.reduce(
          (most, value, i) => Math.max(most, Math.abs(own.numbers[key][i] - value)),
          0,
        );
        expect(worst, key).toBeLessThan(1e-4);
      }
    },
  );
});
