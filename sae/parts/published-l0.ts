import { profiles, type WidthProfile } from '../profiles.ts';

/** The k of the published sweeps over L0, at 16k, where the first 4,096 features have a true L0 of 25. */
export const publishedL0s = [15, 20, 25, 30, 35, 40, 45] as const;

/** A k of 16k in the units of another profile: the same share of the true L0. */
export const scaledL0 = (l0: number, profile: WidthProfile): number => (l0 * profile.k) / profiles['16k'].k;
