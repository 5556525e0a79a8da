import type { SparseCodes } from '#contract/codes';
import type { SparseRows } from '../sampler/sampler.ts';

/**
 * Counts, for samples where a latent fires and its own feature is inactive, every feature that is active.
 * The table is [latents, features], which is large in a large world: a verdict counts `only` a few latents.
 */
export class Confusion {
  /** By latent, from its first false alarm on. */
  private readonly counts = new Map<number, Uint32Array>();
  /** By latent: samples in which it fires without its feature. */
  private readonly wrong: Uint32Array;
  private readonly isActive: Uint8Array;

  constructor(
    latents: number,
    private readonly features: number,
    private readonly only: ReadonlySet<number> | null = null,
  ) {
    this.wrong = new Uint32Array(latents);
    this.isActive = new Uint8Array(features);
  }

  /** `best` is each latent's own feature. */
  add(truth: SparseRows, codes: SparseCodes, best: Int32Array): void {
    const { isActive, wrong, only } = this;
    for (let row = 0; row < truth.rows; row++) {
      const active = truth.features.subarray(truth.offsets[row], truth.offsets[row + 1]);
      for (const feature of active) isActive[feature] = 1;
      for (let e = codes.offsets[row]; e < codes.offsets[row + 1]; e++) {
        const latent = codes.indices[e];
        if (codes.values[e] === 0 || isActive[best[latent]] || only?.has(latent) === false) continue;
        wrong[latent]++;
        const counts = this.countsOf(latent);
        for (const feature of active) counts[feature]++;
      }
      for (const feature of active) isActive[feature] = 0;
    }
  }

  /**
   * The feature that a latent confuses with its own: the one whose share of the latent's false alarms
   * exceeds the feature's own rate the most. Null for a latent without false alarms.
   */
  worst(latent: number, rates: Float64Array): { feature: number; share: number } | null {
    const total = this.wrong[latent];
    if (total === 0) return null;
    const counts = this.countsOf(latent);
    const shares = Array.from(rates, (_, j) => counts[j] / total);
    let feature = 0;
    for (let j = 1; j < shares.length; j++) {
      if (shares[j] - rates[j] > shares[feature] - rates[feature]) feature = j;
    }
    return { feature, share: shares[feature] };
  }

  private countsOf(latent: number): Uint32Array {
    const counts = this.counts.get(latent) ?? new Uint32Array(this.features);
    this.counts.set(latent, counts);
    return counts;
  }
}
