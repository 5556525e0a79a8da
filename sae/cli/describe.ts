import { UserError } from '#contract/errors';
import type { Experiment } from '../experiment.ts';
import { loadAddons, loadArchitecture } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { declaredOf } from '../trainer/result.ts';

/** An experiment and the numbers of a verdict on it that its settings decide. */
export interface Described {
  /** Name of the experiment. */
  name: string;
  /** The numbers, by their names in the verdict. */
  declares: Record<string, number>;
}

/**
 * Describes runs of these experiments, without training. An experiment that the settings do not fit is left
 * out.
 * @throws UserError if they fit none
 */
export async function describe(
  experiments: readonly Experiment[],
  asked: {
    profile: string;
    settings: Record<string, unknown>;
    samples: number;
    /** Rows of a batch of the data; a run trains on whole batches. */
    batch: number;
    set: readonly string[];
  },
): Promise<Described[]> {
  const { samples, batch, set } = asked;
  const profile = widthProfile(asked.profile, asked.settings);
  const addons = await loadAddons();
  const described: Described[] = [];
  let refused: UserError | null = null;
  for (const experiment of experiments) {
    const architecture = await loadArchitecture(experiment.architecture);
    try {
      // The width of the data does not matter here.
      const { sae, trainer } = resolve(experiment, architecture, addons, profile, 1, set);
      const { normalize_activations, n_batches_for_norm_estimate } = trainer;
      const normalised = normalize_activations === 'none' ? 0 : n_batches_for_norm_estimate * batch;
      described.push({
        name: experiment.name,
        declares: {
          samples: Math.ceil(samples / batch) * batch,
          normalisation_samples: normalised,
          width: sae.d_sae,
          ...declaredOf(trainer),
        },
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refused ??= error;
    }
  }
  if (refused && described.length === 0) throw refused;
  return described;
}
