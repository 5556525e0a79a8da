/** A code counts where it reaches this share of its latent's typical code, or the power of two below that. */
const FLOOR = 1 / 16;
/** Powers of two that a 32-bit float can have: its exponent bits. */
const SIZES = 256;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
/** The power of two of a number: 0 for the smallest, 255 for infinity. */
function sizeOf(value: number): number {
  float[0] = value;
  return (bits[0] >>> 23) & (SIZES - 1);
}

/**
 * Every latent as a detector of a feature of its own: that of the best one-to-one assignment, so copies of
 * one latent share nothing. A code far below the latent's typical one (the mean of its codes, each weighted
 * by itself, so that no number of tiny codes lowers it) is none: firing costs something in the
 * reconstruction. Counts are kept by latent and power of two, so one pass is enough.
 */
export class OneToOne {
  /** By latent and power of two: codes, and those with which its feature is active. */
  private readonly counts: Uint32Array;
  /** By latent: the sum of its codes' sizes, and of their squares. */
  private readonly sums: Float64Array;
  private readonly feature: Int32Array;

  /** @param assigned by latent: its feature, -1 for none; `features` stands for none from here on. */
  constructor(
    assigned: Int32Array,
    private readonly features: number,
  ) {
    const latents = assigned.length;
    this.feature = assigned.map((feature) => (feature < 0 ? features : feature));
    // Numbers that are used together lie together: at 16k the tables are larger than a cache.
    this.counts = new Uint32Array(latents * SIZES * 2);
    this.sums = new Float64Array(latents * 2);
  }

  /** Counts a code that is not 0. `isActive` by feature, with one more entry, 0, for no feature. */
  add(latent: number, value: number, isActive: Uint8Array): void {
    const at = (latent * SIZES + sizeOf(value)) * 2;
    this.counts[at]++;
    this.counts[at + 1] += isActive[this.feature[latent]];
    this.sums[latent * 2] += Math.abs(value);
    this.sums[latent * 2 + 1] += value * value;
  }

  /** The mean F1 over all latents. @param active by feature: samples in which it is active. */
  f1(active: Float64Array): number {
    let total = 0;
    this.feature.forEach((feature, latent) => {
      const sum = this.sums[latent * 2];
      if (feature === this.features || sum === 0) return;
      const smallest = sizeOf((FLOOR * this.sums[latent * 2 + 1]) / sum);
      let fired = 0;
      let hits = 0;
      for (let size = smallest; size < SIZES; size++) {
        const at = (latent * SIZES + size) * 2;
        fired += this.counts[at];
        hits += this.counts[at + 1];
      }
      // 2 tp / (2 tp + fp + fn)
      if (hits > 0) total += (2 * hits) / (fired + active[feature]);
    });
    return total / this.feature.length;
  }
}
