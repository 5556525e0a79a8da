import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { uniform } from '#engine/random';
import type { Architecture } from '../architecture.ts';
import { createCheckpointEncoder, forms } from '../encoding.ts';
import type { Experiment } from '../experiment.ts';
import { type Exported, exportCheckpoint } from '../export.ts';
import { architectureNames, loadAddons, loadArchitecture, loadExperiments, loadSweeps } from '../load.ts';
import { profiles, type WidthProfile } from '../profiles.ts';
import { type Resolved, resolve } from '../settings.ts';
import { type Checkpoint, readCheckpoint } from '../trainer/checkpoint.ts';
import type { Batches } from '../trainer/plan.ts';
import { train } from '../trainer/train.ts';
import { D_IN, exerciseSteps, ROWS, randomBatch, STEPS } from './steps.ts';
import { whereThrown } from './where.ts';

const TINY: WidthProfile = {
  d_sae: 16,
  k: 2,
  lr: 1e-3,
  matryoshka_widths: [2, 8],
  dead_feature_window: 1,
  anneal: { from: 2, over: 1 },
  n_batches_for_norm_estimate: 1,
};

/** What an architecture is exported as, or why its export is refused. */
export type ExportTry = Exported | { refused: string };

interface Exercised {
  /** How many experiments were exercised. */
  count: number;
  /** By architecture. */
  exports: ReadonlyMap<string, ExportTry>;
  /** Experiments in whose steps no latent fired. */
  silent: string[];
}

/**
 * Trains experiments for three steps on random data and encodes with the checkpoint; settings are also
 * resolved at every profile. `names` chooses experiments; none: every experiment, and every architecture that
 * no experiment names. Each architecture is exported as well, which is told and is no condition.
 * @throws UserError that names the experiment and what is wrong with it, or lists the names there are
 */
export async function exercise(folder: string, names: readonly string[] = []): Promise<Exercised> {
  const [found, addons] = await Promise.all([loadExperiments(), loadAddons()]);
  await loadSweeps(found);
  const all = new Map(found);
  for (const architecture of architectureNames()) {
    if ([...found.values()].some((experiment) => experiment.architecture === architecture)) continue;
    all.set(architecture, { name: architecture, description: 'its defaults', architecture });
  }
  const experiments = (names.length > 0 ? names : [...all.keys()]).map((name) => {
    const experiment = all.get(name);
    if (experiment) return experiment;
    throw new UserError(`unknown experiment "${name}"; there are: ${[...all.keys()].join(', ')}`);
  });
  const exports = new Map<string, ExportTry>();
  const silent: string[] = [];
  for (const experiment of experiments) {
    const { settings, architecture } = await settle(experiment, addons);
    try {
      if (!exerciseSteps(architecture, settings)) silent.push(experiment.name);
      // Files are slow, since each is synced: one experiment of each architecture writes them.
      if (!exports.has(experiment.architecture)) {
        const out = `${folder}/${experiment.architecture}`;
        const checkpoint = await throughFiles(experiment, architecture, settings, addons, out);
        exports.set(experiment.architecture, await tryExport(checkpoint, architecture, `${out}/export`));
      }
    } catch (error) {
      const message = firstLine(error);
      const { name, architecture } = experiment;
      throw new UserError(`experiment ${name} (${architecture}): ${whereThrown(error)}${message}`);
    }
  }
  return { count: experiments.length, exports, silent };
}

type Addons = Awaited<ReturnType<typeof loadAddons>>;

async function settle(experiment: Experiment, addons: Addons) {
  const architecture = await loadArchitecture(experiment.architecture);
  for (const profile of Object.values(profiles)) resolve(experiment, architecture, addons, profile, D_IN);
  return { architecture, settings: resolve(experiment, architecture, addons, TINY, D_IN, ['n_snapshots=1']) };
}

async function throughFiles(
  experiment: Experiment,
  architecture: Architecture,
  settings: Resolved,
  addons: Addons,
  out: string,
): Promise<Checkpoint> {
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
    randomData(),
    new AbortController().signal,
  );
  if (result.status !== 'finished') throw new UserError(`${result.status}: ${result.reason}`);
  const checkpoint = readCheckpoint(`${out}/checkpoint.safetensors`);
  // Add-ons at their defaults too: perhaps no experiment names them yet.
  for (const chosen of [checkpoint.config.addons, atDefaults(addons)]) {
    const config = { ...checkpoint.config, addons: chosen };
    const encoder = createCheckpointEncoder({ ...checkpoint, config }, architecture, addons);
    for (const [form, codes] of encoder.codes(randomBatch(uniform(2)), ROWS).entries()) {
      if (!codes.values.every(Number.isFinite)) {
        throw new UserError(`the ${forms[form]} form gives codes that are not finite`);
      }
    }
  }
  return checkpoint;
}

/**
 * Exports what three steps have made. Where no code fires yet, an encoder that is unlike its name may pass:
 * the export of a trained SAE compares again.
 */
async function tryExport(
  checkpoint: Checkpoint,
  architecture: Architecture,
  out: string,
): Promise<ExportTry> {
  try {
    return await exportCheckpoint(checkpoint, architecture, out);
  } catch (error) {
    return { refused: firstLine(error) };
  }
}

/** Every add-on whose fields all have defaults, at those. */
function atDefaults(addons: Addons): Record<string, unknown> {
  const parsed = [...addons].map(([name, addon]) => [name, addon.config.safeParse({})] as const);
  return Object.fromEntries(parsed.flatMap(([name, { success, data }]) => (success ? [[name, data]] : [])));
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message.split('\n')[0] : String(error));

function randomData(): Batches {
  const next = uniform(1);
  let batchIndex = 0;
  return {
    header: { d: D_IN, batchRows: ROWS },
    next: () => ({ x: randomBatch(next), rows: ROWS, batchIndex: batchIndex++ }),
  };
}
