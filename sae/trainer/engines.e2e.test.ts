import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { architectureNames, loadAddons, loadArchitecture, loadExperiments } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { createModel, trainStep } from './step.ts';

const STEPS = 100;
const [rows, d, features] = [256, 64, 256];

/** Rows that are sums of a few of 256 directions, some of them frequent. */
function batches(): Float32Array[] {
  const next = uniform(7);
  const directions = Float32Array.from({ length: features * d }, () => (next() - 0.5) / 4);
  return Array.from({ length: 8 }, () => {
    const x = new Float32Array(rows * d);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < 6; i++) {
        const from = d * Math.floor(features * next() ** 3);
        const amount = 2 + next();
        for (let j = 0; j < d; j++) x[row * d + j] += amount * directions[from + j];
      }
    }
    return x;
  });
}

/** The losses of the first steps of an experiment at the small width, from the same weights and data. */
async function curve(experimentName: string, backend: string, plain: boolean): Promise<number[]> {
  await openBackend(backend, { plain });
  const experiment = (await loadExperiments()).get(experimentName);
  if (!experiment) throw new Error(`no experiment ${experimentName}`);
  const [architecture, addons] = [await loadArchitecture(experiment.architecture), await loadAddons()];
  const { sae, trainer } = resolve(experiment, architecture, addons, widthProfile('small'), d, []);
  const model = createModel(architecture, sae, architecture.init(sae, uniform(3)), trainer);
  const data = batches().map((x) => tf.tensor2d(x, [rows, d]));
  return Array.from({ length: STEPS }, (_, step) => {
    const x = data[step % data.length];
    const rates = { learningRate: 4e-3, trainingSteps: STEPS, dead: null, multiplier: 1, measure: false };
    return trainStep(model, { x, step, ...rates }).loss;
  });
}

const experiments: [string, string][] = [
  ['baseline_batchtopk', 'batchtopk'],
  ['matryoshka', 'matryoshka-batchtopk'],
  ['default', 'lista-matryoshka'],
];
// A workspace may start without some (--start baseline).
const present = experiments.filter(([, architecture]) => architectureNames().includes(architecture));

it.each(present)(
  '%s: 100 steps with the embedded kernels have the losses of dense tfjs, to 1e-3',
  async (name) => {
    const dense = await curve(name, 'wasm', true);
    const embedded = await curve(name, 'embedded', false);
    const worst = Math.max(...embedded.map((loss, i) => Math.abs(loss - dense[i]) / dense[i]));
    expect(worst).toBeLessThan(1e-3);
    // The loss falls, so that differences would show.
    expect(dense[STEPS - 1]).toBeLessThan(0.8 * dense[0]);
  },
);
