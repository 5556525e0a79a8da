import { UserError } from '#contract/errors';

/** What the size of a world decides. An experiment's settings come on top. */
export interface WidthProfile {
  d_sae: number;
  k: number;
  lr: number;
  matryoshka_widths: number[];
  /** Steps without firing after which a latent is dead: short runs must revive them sooner. */
  dead_feature_window: number;
  /** Decreasing k of the full recipe: from so many times k down to k, linearly over that share of the run. */
  anneal: { from: number; over: number };
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
    // A run of 2,000 steps has few to spare for a k that is too high (docs/small-world.md).
    anneal: { from: 1.6, over: 0.5 },
    n_batches_for_norm_estimate: 100,
  },
  '16k': {
    d_sae: 4096,
    k: 25,
    lr: 3e-4,
    matryoshka_widths: [128, 512, 2048],
    dead_feature_window: 1000,
    anneal: { from: 60 / 25, over: 1 },
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
