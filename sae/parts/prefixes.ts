/** A dictionary cut into bands: level j's prefix is the bands 0 to j together. */
export interface Prefixes {
  /** Widths of the prefixes, the whole dictionary last. */
  widths: number[];
  /** The band of each latent. */
  bandOf: Uint8Array;
}

/**
 * The prefixes of those widths, the whole dictionary last. `order` lists the latents as the prefixes take them; without
 * it, by index. The widths must be nested (`areNested`).
 */
export function prefixes(widths: readonly number[], d_sae: number, order?: Uint32Array): Prefixes {
  const all = completed(widths, d_sae);
  const bandOf = new Uint8Array(d_sae);
  for (let rank = 0, band = 0; rank < d_sae; rank++) {
    if (rank === all[band]) band++;
    bandOf[order ? order[rank] : rank] = band;
  }
  return { widths: all, bandOf };
}

/** `bandOf` is a byte for each latent. */
const MAX_BANDS = 256;

/** For a config's `refine`: whether the widths increase strictly and end at or below d_sae, in at most 256 bands. */
export function areNested(config: { matryoshka_widths: number[]; d_sae: number }): boolean {
  const all = completed(config.matryoshka_widths, config.d_sae);
  return all.length <= MAX_BANDS && all.every((width, i) => i === 0 || width > all[i - 1]);
}

export const notNested = {
  path: ['matryoshka_widths'],
  message: 'must increase strictly and end at or below d_sae, in at most 256 levels',
};

const completed = (widths: readonly number[], d_sae: number): number[] =>
  widths.at(-1) === d_sae ? [...widths] : [...widths, d_sae];
