import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { uniform } from '#engine/random';
import type { Architecture } from '../architecture.ts';
import { createCoder, forms } from '../encoding.ts';
import type { Experiment } from '../experiment.ts';
import { architectureNames, loadAddons, loadArchitecture, loadExperiments, loadSweeps } from '../load.ts';
import { profiles, type WidthProfile } from '../profiles.ts';
import { type Resolved, resolve } from '../settings.ts';
import { readCheckpoint } from '../trainer/checkpoint.ts';
import type { Batches } from '../trainer/plan.ts';
import { createModel, trainStep } from '../trainer/step.ts';
import { train } from '../trainer/train.ts';

const TINY: WidthProfile = {
  d_sae: 16,
  k: 2,
  lr: 1e-3,
  matryoshka_widths: [2, 8],
  dead_feature_window: 1,
  n_batches_for_norm_estimate: 1,
};
const D_IN = 8;
const ROWS = 32;
const STEPS = 3;

/**
 * Trains every experiment, and every architecture that no experiment names, for three steps on made-up data, and
 * encodes with what was saved; settings are also resolved at every profile. Returns how many it were.
 * @throws UserError naming the experiment and the trouble.
 */
export async function exerciseAll(folder: string): Promise<number> {
  const [found, addons] = await Promise.all([loadExperiments(), loadAddons()]);
  await loadSweeps(found);
  const experiments = [...found.values()];
  for (const architecture of architectureNames()) {
    if (experiments.some((experiment) => experiment.architecture === architecture)) continue;
    experiments.push({ name: architecture, description: 'its defaults', architecture });
  }
  const written = new Set<string>();
  for (const experiment of experiments) {
    const { settings, architecture } = await settle(experiment, addons);
    // Files are slow (each is synced): one experiment of each architecture goes through them.
    if (written.has(experiment.architecture)) stepOnly(experiment, architecture, settings);
    else
      await throughFiles(experiment, architecture, settings, addons, `${folder}/${experiment.architecture}`);
    written.add(experiment.architecture);
  }
  return experiments.length;
}

type Addons = Awaited<ReturnType<typeof loadAddons>>;

const nameOf = (experiment: Experiment) => `experiment ${experiment.name} (${experiment.architecture})`;

async function settle(experiment: Experiment, addons: Addons) {
  const architecture = await loadArchitecture(experiment.architecture);
  for (const profile of Object.values(profiles)) resolve(experiment, architecture, addons, profile, D_IN);
  return { architecture, settings: resolve(experiment, architecture, addons, TINY, D_IN, ['n_snapshots=1']) };
}

function stepOnly(experiment: Experiment, architecture: Architecture, { sae, trainer }: Resolved): void {
  const random = uniform(0);
  const model = createModel(architecture, sae, architecture.init(sae, random), trainer);
  const x = tf.tensor2d(batchOf(random), [ROWS, D_IN]);
  const dead = new Uint8Array(sae.d_sae).fill(1, sae.d_sae / 2);
  for (let step = 0; step < STEPS; step++) {
    const { loss } = trainStep(model, {
      x,
      step,
      trainingSteps: STEPS,
      learningRate: trainer.lr,
      dead,
      multiplier: 1,
      measure: false,
    });
    if (!Number.isFinite(loss))
      throw new UserError(`${nameOf(experiment)}: the loss is ${loss} at step ${step}`);
  }
  x.dispose();
  tf.dispose(model.variables);
}

async function throughFiles(
  experiment: Experiment,
  architecture: Architecture,
  settings: Resolved,
  addons: Addons,
  out: string,
): Promise<void> {
  const where = nameOf(experiment);
  const result = await train(
    {
      experiment: experiment.name,
      architectureName: experiment.architecture,
      architecture,
      ...settings,
      samples: STEPS * ROWS,
      random: uniform(0),
      out,
      backend: tf.getBackend(),
      resume: false,
    },
    madeUpData(),
    new AbortController().signal,
  );
  if (result.status !== 'finished') throw new UserError(`${where}: ${result.status}: ${result.reason}`);
  const coder = createCoder(readCheckpoint(`${out}/checkpoint.safetensors`), architecture, addons);
  for (const [form, codes] of coder.codes(batchOf(uniform(2)), ROWS).entries()) {
    if (!codes.values.every(Number.isFinite)) {
      throw new UserError(`${where}: its ${forms[form]} form gives codes that are not finite`);
    }
  }
}

function madeUpData(): Batches {
  const next = uniform(1);
  let batchIndex = 0;
  return {
    header: { d: D_IN, batchRows: ROWS },
    next: () => ({ x: batchOf(next), rows: ROWS, batchIndex: batchIndex++ }),
  };
}

const batchOf = (next: () => number) => Float32Array.from({ length: ROWS * D_IN }, () => 4 * next() - 2);
