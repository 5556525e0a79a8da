import { UserError } from '#contract/errors';

/** Settings that depend on the size of the world. An experiment's settings override them. */
export interface WidthProfile {
  /** Number of latents. */
  d_sae: number;
  /** Active latents of a sample, the L0 that experiments aim at. */
  k: number;
  /** Learning rate. */
  lr: number;
  /** Widths of the Matryoshka prefixes, without the whole dictionary. */
  matryoshka_widths: number[];
  /** Steps without firing after which a latent is dead; a short run needs fewer. */
  dead_feature_window: number;
  /** Decreasing k of the full recipe: linearly from `from` times k to k, over the share `over` of the run. */
  anneal: { from: number; over: number };
  /** Batches that an experiment which scales x reads to measure its norm; TASK.md limits them. */
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
    // A run of 2,000 steps is too short for a long phase of high k (docs/small-world.md).
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

/** The profile of that name. @throws UserError that lists the names */
export function widthProfile(name: string): WidthProfile {
  if (!Object.hasOwn(profiles, name)) {
    throw new UserError(
      `unknown profile "${name}"; sae/profiles.ts has: ${Object.keys(profiles).join(', ')}`,
    );
  }
  return profiles[name];
}
