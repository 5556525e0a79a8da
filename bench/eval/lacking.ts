import type { LatentRow } from './latents.ts';

/** A latent detects its feature if its F1 is at least this. */
export const DETECTS = 0.5;

/** The features that latents of an SAE detect, by their opaque ids. */
export const detected = (rows: readonly LatentRow[]): Set<string> =>
  new Set(rows.filter(({ f1 }) => f1 >= DETECTS).map(({ feature }) => feature));

/**
 * The latents of one SAE that detect a feature which no latent of the other detects, the best first; of
 * several for one feature the best.
 */
export function lackingIn(other: readonly LatentRow[], rows: readonly LatentRow[]): LatentRow[] {
  const known = detected(other);
  const found = new Set<string>();
  return rows
    .filter(({ feature, f1 }) => f1 >= DETECTS && !known.has(feature))
    .sort((a, b) => b.f1 - a.f1 || a.latent - b.latent)
    .filter(({ feature }) => !found.has(feature) && found.add(feature));
}
