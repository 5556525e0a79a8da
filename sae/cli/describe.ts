import { UserError } from '#contract/errors';
import type { Experiment } from '../experiment.ts';
import { loadAddons, loadArchitecture } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { declaredOf } from '../trainer/result.ts';

/** Rows of a batch of the data service: a run trains on whole ones. */
const BATCH_ROWS = 1024;

/** An experiment, and the numbers that a verdict on a run of it will have, as far as its settings decide them. */
export interface Described {
  name: string;
  declares: Record<string, number>;
}

/**
 * What runs of these experiments would declare, without training. One that these settings do not fit is left out.
 * @throws UserError where they fit none
 */
export async function describe(
  experiments: readonly Experiment[],
  asked: { profile: string; settings: Record<string, unknown>; samples: number; set: readonly string[] },
): Promise<Described[]> {
  const { samples, set } = asked;
  const profile = widthProfile(asked.profile, asked.settings);
  const addons = await loadAddons();
  const described: Described[] = [];
  let refused: UserError | null = null;
  for (const experiment of experiments) {
    const architecture = await loadArchitecture(experiment.architecture);
    try {
      // Whatever the width of the data.
      const { sae, trainer } = resolve(experiment, architecture, addons, profile, 1, set);
      const { normalize_activations, n_batches_for_norm_estimate } = trainer;
      const normalised = normalize_activations === 'none' ? 0 : n_batches_for_norm_estimate * BATCH_ROWS;
      described.push({
        name: experiment.name,
        declares: {
          samples: Math.ceil(samples / BATCH_ROWS) * BATCH_ROWS,
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
