import { UserError } from '#contract/errors';

/** A dictionary cut into bands: level j's prefix is the bands 0 to j together. */
export interface Prefixes {
  /** Widths of the prefixes, the whole dictionary last. */
  widths: number[];
  /** The band of each latent. */
  bandOf: Uint8Array;
}

/**
 * The prefixes of those widths, the whole dictionary last. `order` lists the latents as the prefixes take them; without
 * it, by index.
 * @throws UserError when the widths do not increase or exceed d_sae.
 */
export function prefixes(widths: readonly number[], d_sae: number, order?: Uint32Array): Prefixes {
  const all = widths.at(-1) === d_sae ? [...widths] : [...widths, d_sae];
  if (all.some((width, i) => i > 0 && width <= all[i - 1])) {
    throw new UserError(
      `matryoshka_widths [${widths.join(', ')}]: must increase strictly and end at or below d_sae (${d_sae})`,
    );
  }
  const bandOf = new Uint8Array(d_sae);
  for (let rank = 0, band = 0; rank < d_sae; rank++) {
    if (rank === all[band]) band++;
    bandOf[order ? order[rank] : rank] = band;
  }
  return { widths: all, bandOf };
}
