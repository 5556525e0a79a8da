import { z } from 'zod';
import { UserError } from '#contract/errors';

/** What the size of a world decides. An experiment's settings come on top. */
const WidthProfile = z.strictObject({
  d_sae: z.number().int().positive(),
  k: z.number().positive(),
  lr: z.number().positive(),
  matryoshka_widths: z.array(z.number().int().positive()),
  /** Steps without firing after which a latent is dead: short runs must revive them sooner. */
  dead_feature_window: z.number().int().positive(),
  /** Decreasing k of the full recipe: from so many times k down to k, linearly over that share of the run. */
  anneal: z.strictObject({ from: z.number().positive(), over: z.number().min(0).max(1) }),
  /** For experiments that scale x: as many batches as TASK.md lets them read for that. */
  n_batches_for_norm_estimate: z.number().int().positive(),
});
export type WidthProfile = z.infer<typeof WidthProfile>;

/** The profiles that ship with the workspace, by their names in TASK.md. k is the true L0 of the first d_sae features. */
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

/** As at 16k and in the small world: an SAE's prefixes are a 32nd, an 8th and half of it. */
const PREFIX_SHARES = [32, 8, 2];

const prefixesOf = (d_sae: number): number[] =>
  PREFIX_SHARES.map((share) => Math.floor(d_sae / share)).filter((width) => width > 0);

/**
 * The sizes of a profile: those above, and over them what TASK.md says in the profile's `settings`. One that is not above names at least
 * d_sae, k and lr there. @throws UserError for a field that is missing, unknown or wrong
 */
export function widthProfile(name: string, settings: Readonly<Record<string, unknown>> = {}): WidthProfile {
  const known = Object.hasOwn(profiles, name) ? profiles[name] : null;
  if (!known && Object.keys(settings).length === 0) {
    throw new UserError(
      `unknown profile "${name}"; sae/profiles.ts has: ${Object.keys(profiles).join(', ')}; another one names its sizes in TASK.md, as in settings: { d_sae: 64, k: 2.5, lr: 0.004 }`,
    );
  }
  // What another profile leaves out is that of a short run.
  const { dead_feature_window, anneal, n_batches_for_norm_estimate } = profiles.small;
  const base = known ?? { dead_feature_window, anneal, n_batches_for_norm_estimate };
  // Prefixes go with the width that they are prefixes of.
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
