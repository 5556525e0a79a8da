import { z } from 'zod';
import { UserError } from '#contract/errors';

/** Settings that depend on the size of the world. An experiment's settings override them. */
const WidthProfile = z.strictObject({
  /** Number of latents. */
  d_sae: z.number().int().positive(),
  /** Active latents of a sample, the L0 that experiments aim at. */
  k: z.number().positive(),
  /** Learning rate. */
  lr: z.number().positive(),
  /** Widths of the Matryoshka prefixes, without the whole dictionary. */
  matryoshka_widths: z.array(z.number().int().positive()),
  /** Steps without firing after which a latent is dead; a short run needs fewer. */
  dead_feature_window: z.number().int().positive(),
  /** Decreasing k of the full recipe: linearly from `from` times k to k, over the share `over` of the run. */
  anneal: z.strictObject({ from: z.number().positive(), over: z.number().min(0).max(1) }),
  /** Batches that an experiment which scales x reads to measure its norm; TASK.md limits them. */
  n_batches_for_norm_estimate: z.number().int().positive(),
});
export type WidthProfile = z.infer<typeof WidthProfile>;

/** The profiles of the workspace, by their names in TASK.md. k is the true L0 of the first d_sae features. */
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
  medium: {
    d_sae: 1024,
    k: 12.21,
    lr: 1.5e-3,
    matryoshka_widths: [32, 128, 512],
    dead_feature_window: 100,
    anneal: { from: 60 / 25, over: 1 },
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

/** Each prefix is one of these parts of the SAE: a 32nd, an 8th, half. The profiles above have the same. */
const PREFIX_SHARES = [32, 8, 2];

const prefixesOf = (d_sae: number): number[] =>
  PREFIX_SHARES.map((share) => Math.floor(d_sae / share)).filter((width) => width > 0);

/**
 * The profile of that name. `settings` are those of the profile in TASK.md; they override the sizes above. A
 * profile that is not above needs at least d_sae, k and lr there.
 * @throws UserError for an unknown name without settings, and for a field that is missing, unknown or wrong
 */
export function widthProfile(name: string, settings: Readonly<Record<string, unknown>> = {}): WidthProfile {
  const known = Object.hasOwn(profiles, name) ? profiles[name] : null;
  if (!known && Object.keys(settings).length === 0) {
    throw new UserError(
      `unknown profile "${name}"; sae/profiles.ts has: ${Object.keys(profiles).join(', ')}; another one names its sizes in TASK.md, as in settings: { d_sae: 64, k: 2.5, lr: 0.004 }`,
    );
  }
  // Another profile has these of a short run, unless it sets them.
  const { dead_feature_window, anneal, n_batches_for_norm_estimate } = profiles.small;
  const base = known ?? { dead_feature_window, anneal, n_batches_for_norm_estimate };
  // A new width has its own prefixes.
  const prefixes =
    typeof settings.d_sae === 'number' ? { matryoshka_widths: prefixesOf(settings.d_sae) } : {};
  const parsed = WidthProfile.safeParse({ ...base, ...prefixes, ...settings });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what =
    issue.code === 'unrecognized_keys'
      ? `${issue.keys.join(', ')}: is no size of a profile; there are: ${Object.keys(WidthProfile.shape).join(', ')}`
      : `${issue.path.join('.')}: ${issue.path.length === 1 && settings[String(issue.path[0])] === undefined ? 'is missing' : issue.message}`;
  throw new UserError(`settings of profile "${name}": ${what}`);
}
