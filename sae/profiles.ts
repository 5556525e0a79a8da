import { UserError } from '#contract/errors';

/** What the size of a world decides. An experiment's settings come on top. */
export interface WidthProfile {
  d_sae: number;
  k: number;
  lr: number;
  matryoshka_widths: number[];
  /** Steps without firing after which a latent is dead: short runs must revive them sooner. */
  dead_feature_window: number;
  /** For experiments that scale x: as many batches as TASK.md lets them read for that. */
  n_batches_for_norm_estimate: number;
}

/** By the names of TASK.md's profiles. k is the true L0 of the first d_sae features. */
export const profiles: Record<string, WidthProfile> = {
  small: {
    d_sae: 128,
    k: 3.55,
    lr: 4e-3,
    matryoshka_widths: [4, 16, 64],
    dead_feature_window: 100,
    n_batches_for_norm_estimate: 100,
  },
  '16k': {
    d_sae: 4096,
    k: 25,
    lr: 3e-4,
    matryoshka_widths: [128, 512, 2048],
    dead_feature_window: 1000,
    n_batches_for_norm_estimate: 1000,
  },
};

/** @throws UserError that lists the names there are. */
export function widthProfile(name: string): WidthProfile {
  if (!Object.hasOwn(profiles, name)) {
    throw new UserError(
      `unknown profile "${name}"; sae/profiles.ts has: ${Object.keys(profiles).join(', ')}`,
    );
  }
  return profiles[name];
}
