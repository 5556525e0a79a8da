import { profiles, type WidthProfile } from '../profiles.ts';

/** The k of the published sweeps at 16k, where the first 4,096 features have a true L0 of 25. */
export const publishedL0s = [15, 20, 25, 30, 35, 40, 45] as const;

/** A k of 16k at another profile: the same share of the true L0. */
export const scaledL0 = (l0: number, profile: WidthProfile): number => (l0 * profile.k) / profiles['16k'].k;
