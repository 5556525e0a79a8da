import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { importFile } from '#contract/import-file';
import type { Addon } from './addon.ts';
import type { Architecture } from './architecture.ts';
import type { Experiment, Sweep } from './experiment.ts';

/** The workspace that this file is in. */
const workspace = import.meta.dirname;

/** Names of the architectures: the files of `architectures/`. */
export const architectureNames = (root = workspace): string[] => filesOf(root, 'architectures');

/**
 * Loads an architecture.
 * @throws UserError for an unknown name, with the known ones, or for a file that does not load
 */
export async function loadArchitecture(name: string, root = workspace): Promise<Architecture> {
  if (!architectureNames(root).includes(name)) {
    throw new UserError(
      `unknown architecture "${name}"; sae/architectures/ has: ${architectureNames(root).join(', ')}`,
    );
  }
  const found = (await load(root, 'architectures', name)) as { default?: Architecture };
  if (!found.default?.trainingPass) {
    throw new UserError(
      `sae/architectures/${name}.ts: no architecture as default export (defineArchitecture)`,
    );
  }
  return found.default;
}

interface ExperimentFile {
  /** The experiments that it exports. */
  experiments?: Experiment[];
  /** The sweeps that it exports. */
  sweeps?: Sweep[];
}

/**
 * All experiments in the files of `experiments/` whose architecture has a file, by name.
 * @throws UserError for a file that does not load, and for a name that is used twice
 */
export async function loadExperiments(root = workspace): Promise<Map<string, Experiment>> {
  const architectures = new Set(architectureNames(root));
  const found = new Map<string, Experiment>();
  for (const file of filesOf(root, 'experiments')) {
    const { experiments, sweeps } = (await load(root, 'experiments', file)) as ExperimentFile;
    if (!Array.isArray(experiments) && !Array.isArray(sweeps)) {
      throw new UserError(`sae/experiments/${file}.ts: must export \`experiments\`, an array of experiments`);
    }
    for (const experiment of experiments ?? []) {
      if (found.has(experiment.name)) {
        throw new UserError(
          `sae/experiments/${file}.ts: there is another experiment "${experiment.name}"; names must be unique`,
        );
      }
      if (architectures.has(experiment.architecture)) found.set(experiment.name, experiment);
    }
  }
  return found;
}

/** The sweeps in the same files, with the members that exist. A sweep without members is left out. */
export async function loadSweeps(
  experiments: ReadonlyMap<string, Experiment>,
  root = workspace,
): Promise<Map<string, Sweep>> {
  const found = new Map<string, Sweep>();
  for (const file of filesOf(root, 'experiments')) {
    const { sweeps = [] } = (await load(root, 'experiments', file)) as ExperimentFile;
    for (const sweep of sweeps) {
      if (found.has(sweep.name) || experiments.has(sweep.name)) {
        throw new UserError(
          `sae/experiments/${file}.ts: the name of the sweep "${sweep.name}" is used twice; names must be unique`,
        );
      }
      const members = sweep.members.filter((name) => experiments.has(name));
      if (members.length > 0) found.set(sweep.name, { ...sweep, members });
    }
  }
  return found;
}

/** The add-ons in the files of `addons/`, by the setting that switches each on. */
export async function loadAddons(root = workspace): Promise<Map<string, Addon>> {
  const addons = new Map<string, Addon>();
  for (const file of filesOf(root, 'addons')) {
    const { default: addon } = (await load(root, 'addons', file)) as { default?: Addon };
    if (!addon?.setting) throw new UserError(`sae/addons/${file}.ts: no add-on as default export`);
    addons.set(addon.setting, addon);
  }
  return addons;
}

function filesOf(root: string, folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('_'))
    .map((file) => file.slice(0, -3))
    .sort();
}

async function load(root: string, folder: string, name: string): Promise<unknown> {
  try {
    return await importFile(join(root, folder, `${name}.ts`));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(`sae/${folder}/${name}.ts: does not load: ${reason}`);
  }
}
